// SPDX-License-Identifier: MIT
// See line_judges.hpp. A guest that hung or died is a failure of its test.
#include "cases/line_judges.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "hooks/fitting.hpp"
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

void note(CaseResult &result, const std::string &stage, const std::string &why_not)
{
    result.stages[stage] = why_not.empty();
    if (why_not.empty())
        result.tally.pass(stage);
    else
        result.tally.fail(stage + ": " + why_not);
}

// "0.3 interrupts and preemptions a second ..." begins with the rate; a check that could not measure has none.
std::string rate_of(const std::string &detail)
{
    const std::string word = detail.substr(0, detail.find(' '));
    return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0 ? word : "";
}

} // namespace

// The Error belongs to the stage that was told last; those before it went well. A kernel that is up to date goes
// through no stage, because it did before.
CaseResult judge_build(const Result<BuiltKernel> &built, std::optional<BuildStage> last)
{
    struct Step {
        BuildStage stage;
        const char *name;
    };
    CaseResult result;
    if (!built && last.value_or(BuildStage::fetch) == BuildStage::fetch) {
        result.tally.fail("fetch: " + described(built.error()));
        return result;
    }
    for (const Step step :
         {Step{BuildStage::apply, "apply"}, {BuildStage::configure, "configure"}, {BuildStage::compile, "build"}}) {
        const bool is_last = !built && *last == step.stage;
        note(result, step.name, is_last ? described(built.error()) : "");
        if (is_last)
            return result;
    }
    if (!built)
        result.tally.fail("package: " + described(built.error()));
    return result;
}

void judge_hooks(const nlohmann::ordered_json &hook_list, bool is_line, CaseResult &result)
{
    Tally tally;
    const auto note = [&](const std::string &text) { is_line ? tally.fail("apply: " + text) : tally.skip(text); };
    for (const auto &hook : hook_list) {
        const auto name = hook.value("hook", "");
        const auto fit = hook.value("result", "");
        if (fit == name_of(Fit::placed) && hook.value("fuzz", 1U) != 0)
            note(fmt::format("the hook {}, of Linux {}, fits with fuzz {}", name, hook.value("variant", ""),
                             hook.value("fuzz", 1U)));
        else if (fit != name_of(Fit::placed) && fit != name_of(Fit::not_needed))
            note(fmt::format("the hook {} is {}: {}", name, fit, hook.value("reason", "")));
    }
    if (hook_list.empty())
        tally.fail("apply: no hook is on record");
    if (tally.failed == 0 && tally.skipped == 0)
        tally.pass("every hook is in its place");
    else if (tally.failed != 0)
        result.stages["apply"] = false;
    result.tally += tally;
}

CaseResult judge_boot(const Result<GuestRun> &uname, const std::string &release)
{
    std::string why_not;
    if (!uname)
        why_not = described(uname.error());
    else if (uname->status != 0)
        why_not = fmt::format("uname ended with status {}", uname->status);
    else if (trim(uname->output) != release)
        why_not = fmt::format("uname -r says `{}`, not {}", trim(uname->output), release);
    else if (!uname->kernel_problems.empty())
        why_not = "the kernel's log: " + uname->kernel_problems.front();
    CaseResult result;
    note(result, "boot", why_not);
    return result;
}

CaseResult judge_selftest(const std::string &name, const Result<Tally> &tap)
{
    CaseResult result;
    if (tap)
        result.tally = *tap;
    else
        result.tally.fail(name + ": " + described(tap.error()));
    result.stages["selftests"] = result.tally.failed == 0;
    return result;
}

CaseResult judge_check(const Result<GuestRun> &check)
{
    CaseResult result;
    if (!check) {
        note(result, "tickless", described(check.error()));
        return result;
    }
    const auto tickless = check_in_json(check->output, "tickless");
    if (!tickless) {
        note(result, "tickless", "krunctl check did not report on it");
    } else {
        result.facts["rate"] = rate_of(tickless->detail);
        note(result, "tickless", tickless->status == CheckStatus::pass ? "" : tickless->detail);
    }
    result.tally += tally_of_program("krunctl check", *check);
    return result;
}

bool costs_agree(const std::vector<WayCost> &first, const std::vector<WayCost> &second)
{
    return std::ranges::equal(first, second, [](const WayCost &one, const WayCost &other) {
        if (one.way != other.way || one.cost.has_value() != other.cost.has_value())
            return false;
        const auto [least, most] = std::minmax({one.cost.value_or(0), other.cost.value_or(0)});
        return most - least <= (one.way.starts_with("perf-") ? least / 500 : 0);
    });
}

} // namespace krun
