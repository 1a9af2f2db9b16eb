// SPDX-License-Identifier: MIT
// One `krunctl test`; see test_run.hpp.
#include "testing/test_run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>

#include "build/kernel_build.hpp"
#include "source/apt_archive.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

Result<std::filesystem::path> fresh_log(Filesystem &files, const TierStep &step)
{
    const auto log =
        cache_directory() / "logs" / fmt::format("test-{}{}{}.log", step.tier, step.line.empty() ? "" : "-", step.line);
    if (auto made = files.make_directories(log.parent_path()); !made)
        return tl::unexpected(made.error());
    if (auto written = files.write(log, ""); !written)
        return tl::unexpected(written.error());
    return log;
}

void print_step(const TierStep &step, const Tally &tally, const std::filesystem::path &log, long seconds)
{
    const std::string of_line = step.line.empty() ? "" : step.line + ": ";
    for (const std::string &name : tally.skips)
        fmt::print("skipped: {}{}\n", of_line, name);
    for (const std::string &name : tally.failures)
        fmt::print("FAILED: {}{}\n", of_line, name);
    if (tally.failed != 0)
        fmt::print("log: {}\n", log.string());
    fmt::print("tier {}: {} ({} s)\n", step.name(), summary(tally), seconds);
    std::fflush(stdout);
}

// Not an earlier proof's end: a line that fails today has still been proven then.
void record_proof(Filesystem &files, const LineRun &line, Tally &tally)
{
    const auto proof = line.proof(date_of_today());
    if (!proof)
        return;
    if (auto written = write_proof(files, proof_file(line.name()), *proof); !written)
        tally.fail("the proof cannot be recorded: " + written.error().message);
}

} // namespace

TestRun::TestRun(ProcessRunner &runner, Filesystem &files, std::vector<KernelLine> lines, FuzzSettings fuzz)
    : runner_(runner), files_(files), lines_(std::move(lines)), fuzz_(fuzz)
{
    for (const KernelLine &line : lines_)
        runs_.emplace_back(files_, line,
                           [&](const BuildRequest &request) { return build_kernel(runner_, files_, request); });
}

LineRun *TestRun::line_called(const std::string &name)
{
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const LineRun &run) { return run.name() == name; });
    return found == runs_.end() ? nullptr : &*found;
}

Result<Tally> TestRun::run_tier(TierContext &context, const TierStep &step)
{
    struct OnceTier {
        const char *name;
        Result<Tally> (*run)(TierContext &);
    };
    struct LineTier {
        const char *name;
        Result<Tally> (*run)(TierContext &, LineRun &);
    };
    if (LineRun *line = line_called(step.line)) {
        for (const LineTier &tier : {LineTier{"style", run_line_style_tier},
                                     {"kernel", run_kernel_tier},
                                     {"machine", run_machine_tier},
                                     {"fuzz", run_fuzz_tier},
                                     {"race", run_race_tier}})
            if (step.tier == tier.name)
                return tier.run(context, *line);
    } else {
        for (const OnceTier &tier : {OnceTier{"unit", run_unit_tier},
                                     {"command", run_command_tier},
                                     {"model", run_model_tier},
                                     {"style", run_style_tier},
                                     {"package", run_package_tier},
                                     {"install", run_install_tier},
                                     {"e2e", run_e2e_tier}})
            if (step.tier == tier.name)
                return tier.run(context);
    }
    return failure("there is no such tier");
}

Result<void> TestRun::run(const TierStep &step)
{
    using clock = std::chrono::steady_clock;
    LineRun *line = line_called(step.line);
    if (line != nullptr && line->is_hopeless()) {
        fmt::print("tier {}: not run, because the kernel could not be built\n", step.name());
        return {};
    }
    say(fmt::format("tier {}", step.name()));
    const auto log = fresh_log(files_, step);
    if (!log)
        return tl::unexpected(log.error());
    const auto started = clock::now();
    TierContext context{runner_, files_, lines_, *log, fuzz_};
    const auto result = run_tier(context, step);
    if (!result && result.error().code == ExitCode::interrupted)
        return tl::unexpected(result.error());
    Tally tally;
    if (result)
        tally = *result;
    else
        tally.fail(fmt::format("{} tier: {}{}", step.tier, result.error().message,
                               result.error().log.empty() ? "" : " (log: " + result.error().log + ")"));
    if (line != nullptr && step.tier == "kernel")
        record_proof(files_, *line, tally);
    print_step(step, tally, *log, std::chrono::duration_cast<std::chrono::seconds>(clock::now() - started).count());
    total_ += tally;
    return {};
}

std::vector<LineStatus> TestRun::statuses()
{
    AptArchive archive(runner_, files_, cache_directory() / "apt");
    std::vector<LineStatus> statuses;
    for (const LineRun &run : runs_) {
        if (!run.is_wanted())
            continue;
        LineStatus status = run.status();
        // Not built: what was to be built, as far as that is known.
        if (status.version.empty())
            status.version = archive.known_version(run.line().package, run.line().suites).value_or("");
        statuses.push_back(std::move(status));
    }
    return statuses;
}

} // namespace krun
