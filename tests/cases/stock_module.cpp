// SPDX-License-Identifier: MIT
#include "cases/stock_module.hpp"

#include <fmt/format.h>

namespace krun
{

Result<BuiltModule> built_module(const Case &one, const std::string &config)
{
    const auto name = config.empty() ? "module-" + one.line : fmt::format("module-{}-{}", one.line, config);
    const auto result = read_result(one.files, result_file(one.results, name));
    if (!result || !result->facts.contains("krun"))
        return host_lacks(name + " has not been built", "ctest builds it first: see docs/testing.md");
    const auto &facts = result->facts;
    BuiltModule built{facts.at("image"), {}, facts.at("bare_call")};
    if (facts.contains("msr"))
        built.modules.emplace_back(facts.at("msr"));
    built.modules.emplace_back(facts.at("krun"));
    return built;
}

std::map<std::string, std::string> facts_of(const BuiltModule &built)
{
    std::map<std::string, std::string> facts = {{"image", built.image.string()},
                                                {"krun", built.modules.back().string()},
                                                {"bare_call", built.bare_call.string()}};
    if (built.modules.size() > 1)
        facts["msr"] = built.modules.front().string();
    return facts;
}

Result<std::filesystem::path> stock_module(const Case &one, const StockKernel &kernel, const std::string &name)
{
    auto plain = kernel.modules / (name + ".ko");
    if (one.files.exists(plain))
        return plain;
    auto packed = plain;
    packed += ".xz";
    if (!one.files.exists(packed))
        return failure(fmt::format("{} has no module {}", kernel.release, name));
    Command unpack;
    unpack.argv = {"xz", "--keep", "--decompress", packed.string()};
    TRY(one.runner.run_ok(unpack));
    return plain;
}

} // namespace krun
