// SPDX-License-Identifier: MIT
// Builds: a line's kernel in some configuration, the guest programs of its tree, the testbed's QEMU. Later cases find
// what they need in the case's result.
#include <algorithm>

#include <fmt/format.h>

#include "build/kernel_make.hpp"
#include "build/output_folder.hpp"
#include "cases/case.hpp"
#include "cases/line_judges.hpp"
#include "machine/testbed_qemu.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"

namespace krun
{

namespace
{

constexpr std::chrono::seconds relinking{120}; // when most is in the cache

Result<BuildRequest> request_for(const Case &one, const std::string &config)
{
    BuildRequest request;
    const auto source = one.sources.find(one.line);
    if (source != one.sources.end())
        request.source.name = source->second.string();
    if (source == one.sources.end() || find_kernel_line(one.files, data_directory(), one.line))
        request.line = one.line;
    request.config = config;
    request.package = config == "disk" || config == "panic";
    if (config == "panic") { // as disk, without a driver for its disk
        const auto good = TRY(built_kernel(one, "disk"));
        request.config = (good.folder / "config").string();
        request.fragments = {clone_directory() / "tests/e2e/panic.config"};
        request.local_version = ".krun.panic";
    }
    return request;
}

// A configuration for its own cases alone is one test; the usual one has a test for each stage.
CaseResult as_one_test(CaseResult result)
{
    result.stages.clear();
    result.tally.passes.clear();
    result.tally.passed = result.tally.failed != 0 ? 0 : std::min(result.tally.passed, 1U);
    return result;
}

} // namespace

Result<CaseResult> run_kernel_case(const Case &one)
{
    const std::string config = one.arguments.empty() ? "vm" : one.arguments.front();
    Case timed = one;
    const auto *origin = one.sources.contains(one.line) ? "-source" : "";
    if (one.files.exists(cache_directory() / "kernels" / fmt::format("{}{}-{}", one.line, origin, config)))
        timed.estimate = std::min(one.estimate, relinking);
    return in_time(timed, [&]() -> Result<CaseResult> {
        auto request = TRY(request_for(one, config));
        std::optional<BuildStage> last;
        request.on_stage = [&last](BuildStage stage) { last = stage; };
        const auto built = build_kernel(one, request);
        if (!built && built.error().code == ExitCode::interrupted)
            return tl::unexpected(built.error());
        auto result = judge_build(built, last);
        if (built) {
            const auto metadata = read_metadata(one.files, built->folder).value_or(nlohmann::ordered_json::object());
            if (metadata.contains("source"))
                result.facts["version"] = metadata["source"].value("version", "");
            judge_hooks(metadata.value("hook_list", nlohmann::ordered_json::array()), !one.sources.contains(one.line),
                        result);
            result.facts["hooks"] = metadata.value("hooks", "");
            result.facts["overlay"] = metadata.value("overlay", "");
            result.facts["folder"] = built->folder;
            result.facts["tree"] = built->tree;
            result.facts["objects"] = built->objects;
            result.facts["release"] = built->release;
        }
        return config == "vm" ? result : as_one_test(std::move(result));
    });
}

Result<CaseResult> run_programs_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    const auto selftests = build_selftests(one, kernel->tree, cache_directory() / "selftests" / one.line, one.log);
    if (!selftests)
        return tl::unexpected(selftests.error());
    // As the README says: cd krun && make. Static, because the guest has no libraries.
    Command make;
    make.argv = {"make", "-C", (kernel->tree / "krun").string(), "LDFLAGS=-static"};
    make.log = one.log;
    TRY(one.runner.run_ok(make));
    CaseResult result;
    result.tally.pass();
    return result;
}

Result<CaseResult> run_testbed_case(const Case &one)
{
    const auto folder = testbed_qemu_folder(one);
    Case timed = one;
    if (folder && one.files.exists(testbed_qemu_in(*folder).program))
        timed.estimate = std::chrono::seconds{0};
    return in_time(timed, [&]() -> Result<CaseResult> {
        TRY(make_testbed_qemu(one));
        CaseResult result;
        result.tally.pass();
        return result;
    });
}

} // namespace krun
