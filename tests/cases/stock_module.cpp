// SPDX-License-Identifier: MIT
#include "cases/stock_module.hpp"

#include <fmt/format.h>

namespace krun
{

Result<BuiltModule> built_module(const Case &one)
{
    const auto name = "module-" + one.line;
    const auto result = read_result(one.files, result_file(one.results, name));
    if (!result || !result->facts.contains("krun"))
        return host_lacks(name + " has not been built", "ctest builds it first: see docs/testing.md");
    const auto &facts = result->facts;
    return BuiltModule{facts.at("image"), {facts.at("msr"), facts.at("krun")}, facts.at("bare_call")};
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
    if (const auto done = one.runner.run_ok(unpack); !done)
        return tl::unexpected(done.error());
    return plain;
}

} // namespace krun
