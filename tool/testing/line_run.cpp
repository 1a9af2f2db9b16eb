// SPDX-License-Identifier: MIT
// One kernel line in a test run; see line_run.hpp.
#include "testing/line_run.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "build/output_folder.hpp"
#include "report/check_report.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

std::string described(const Error &error)
{
    return error.message + (error.log.empty() ? "" : " (log: " + error.log + ")");
}

std::string name_of(Outcome LineStatus::*stage)
{
    const auto &stages = line_stages();
    const auto found =
        std::find_if(stages.begin(), stages.end(), [&](const LineStage &one) { return one.outcome == stage; });
    return found->name;
}

// "0.3 local-timer interrupts a second ..." begins with the rate; a check that could not measure has none.
std::string rate_of(const std::string &detail)
{
    const std::string word = detail.substr(0, detail.find(' '));
    return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0 ? word : "";
}

} // namespace

LineRun::LineRun(Filesystem &files, KernelLine line, Builder build)
    : files_(files), line_(std::move(line)), build_(std::move(build))
{
    status_.line = line_.name;
}

void LineRun::note(Outcome LineStatus::*stage, bool good, const std::string &why, Tally &tally)
{
    status_.*stage = good ? Outcome::ok : Outcome::failed;
    if (good)
        tally.pass();
    else
        tally.fail(name_of(stage) + ": " + why);
}

// The Error belongs to the stage that was told last; those before it went well. A kernel that is up to date goes
// through no stage, because it did before.
void LineRun::judge_build(std::optional<BuildStage> last, Tally &tally)
{
    struct Step {
        BuildStage stage;
        Outcome LineStatus::*outcome;
    };
    const bool built = built_->has_value();
    const std::string why = built ? "" : described(built_->error());
    if (!built && last.value_or(BuildStage::fetch) == BuildStage::fetch) {
        tally.fail("fetch: " + why);
        return;
    }
    for (const Step step :
         {Step{BuildStage::apply, &LineStatus::apply}, Step{BuildStage::configure, &LineStatus::configure},
          Step{BuildStage::compile, &LineStatus::build}}) {
        const bool is_last = !built && *last == step.stage;
        note(step.outcome, !is_last, why, tally);
        if (is_last)
            return;
    }
}

Result<const BuiltKernel *> LineRun::kernel(Tally &tally)
{
    if (!built_) {
        std::optional<BuildStage> last;
        BuildRequest request;
        request.line = line_.name;
        request.on_stage = [&last](BuildStage stage) { last = stage; };
        auto built = build_(request);
        if (!built && built.error().code == ExitCode::interrupted)
            return tl::unexpected(built.error());
        built_ = std::move(built);
        judge_build(last, tally);
        if (*built_) {
            const auto metadata = read_metadata(files_, (*built_)->folder).value_or(nlohmann::ordered_json::object());
            if (metadata.contains("source"))
                status_.version = metadata["source"].value("version", "");
            proof_ = {status_.version, (*built_)->release, "", metadata.value("hooks", ""),
                      metadata.value("overlay", "")};
        }
    }
    return *built_ ? &**built_ : nullptr;
}

void LineRun::judge_boot(const Result<GuestRun> &uname, Tally &tally)
{
    std::string why;
    if (!uname)
        why = described(uname.error());
    else if (uname->status != 0)
        why = fmt::format("uname ended with status {}", uname->status);
    else if (trim(uname->output) != proof_.release)
        why = fmt::format("uname -r says `{}`, not {}", trim(uname->output), proof_.release);
    else if (!uname->kernel_problems.empty())
        why = "the kernel's log: " + uname->kernel_problems.front();
    note(&LineStatus::boot, why.empty(), why, tally);
}

void LineRun::judge_selftests(const Result<Tally> &selftests, Tally &tally)
{
    if (!selftests)
        note(&LineStatus::selftests, false, described(selftests.error()), tally);
    else
        note(&LineStatus::selftests, selftests->failed == 0 && selftests->passed > 0, summary(*selftests), tally);
}

void LineRun::judge_tickless(const Result<GuestRun> &check, Tally &tally)
{
    if (!check) {
        note(&LineStatus::tickless, false, described(check.error()), tally);
        return;
    }
    const auto found = check_in_json(check->output, "tickless");
    if (!found) {
        note(&LineStatus::tickless, false, "krunctl check did not report on it", tally);
        return;
    }
    status_.rate = rate_of(found->detail);
    note(&LineStatus::tickless, found->status == CheckStatus::pass, found->detail, tally);
}

std::optional<Proof> LineRun::proof(const std::string &date) const
{
    if (!all_ok(status_))
        return std::nullopt;
    Proof proof = proof_;
    proof.date = date;
    return proof;
}

} // namespace krun
