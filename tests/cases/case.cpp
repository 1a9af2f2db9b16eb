// SPDX-License-Identifier: MIT
// What all cases share; see case.hpp.
#include "cases/case.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "build/output_folder.hpp"
#include "hooks/fitting.hpp"
#include "self/krunctl.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

std::filesystem::path proven_file(const Case &one) { return cache_directory() / "proven/cases" / (one.name + ".json"); }

std::optional<CaseResult> proven(const Case &one, const std::string &digest)
{
    const auto text = one.files.read(proven_file(one));
    if (!text)
        return std::nullopt;
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object() || json.value("inputs", "") != digest || !json.contains("result"))
        return std::nullopt;
    auto result = case_result_from(json["result"].dump());
    if (result)
        result->proven_before = true;
    return result;
}

// That it could not be kept costs time tomorrow, and is no failure today. What was skipped may be possible tomorrow.
void remember(const Case &one, const std::string &digest, const CaseResult &result)
{
    if (result.tally.failed != 0 || result.tally.skipped != 0 || result.tally.passed == 0 || !result.not_run.empty())
        return;
    const auto file = proven_file(one);
    if (one.files.make_directories(file.parent_path()))
        static_cast<void>(one.files.write(
            file, nlohmann::ordered_json{{"inputs", digest}, {"result", to_json(result)}}.dump(2) + "\n"));
}

} // namespace

CaseResult not_run(std::string why)
{
    CaseResult result;
    result.not_run = std::move(why);
    return result;
}

bool Case::has_time() const { return deadline == 0 || std::time(nullptr) + estimate.count() <= deadline; }

Result<CaseResult> in_time(const Case &one, const std::function<Result<CaseResult>()> &run)
{
    if (!one.has_time())
        return not_run("for want of time");
    return run();
}

Result<CaseResult> unless_proven(const Case &one, const CaseInputs &inputs,
                                 const std::function<Result<CaseResult>()> &run)
{
    const auto digest = TRY(inputs.digest(one.runner, std::filesystem::read_symlink("/proc/self/exe")));
    if (!one.again)
        if (auto result = proven(one, digest))
            return *result;
    auto result = in_time(one, run);
    if (result)
        remember(one, digest, *result);
    return result;
}

Result<BuiltKernel> built_kernel(const Case &one, const std::string &config)
{
    const auto name = config == "vm" ? "kernel-" + one.line : fmt::format("kernel-{}-{}", one.line, config);
    const auto result = read_result(one.files, result_file(one.results, name));
    if (!result || !result->facts.contains("folder"))
        return host_lacks(name + " has not been built", "ctest builds it first: see docs/testing.md");
    const auto &facts = result->facts;
    return BuiltKernel{facts.at("folder"), facts.at("tree"), facts.at("objects"), facts.at("release")};
}

bool has_hook(const Case &one, const BuiltKernel &kernel, const std::string &hook)
{
    const auto metadata = read_metadata(one.files, kernel.folder).value_or(nlohmann::ordered_json::object());
    const auto hooks = metadata.value("hook_list", nlohmann::ordered_json::array());
    return std::any_of(hooks.begin(), hooks.end(), [&hook](const nlohmann::ordered_json &one_hook) {
        return one_hook.value("hook", "") == hook && one_hook.value("result", "") == name_of(Fit::placed);
    });
}

} // namespace krun
