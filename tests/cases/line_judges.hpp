// SPDX-License-Identifier: MIT
// What a build and a guest say of a kernel line: each stage is a test, and a column in the table of lines.
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "build/kernel_build.hpp"
#include "cases/case_result.hpp"
#include "machine/guest_run.hpp"
#include "report/cost_report.hpp"

namespace krun
{

// `last`: the stage that was told last; none when the kernel was up to date.
CaseResult judge_build(const Result<BuiltKernel> &built, std::optional<BuildStage> last);
// `hook_list`, as a kernel's metadata.json has it: a line has every hook, without fuzz. Of a person's own source it is
// only named what it has not.
void judge_hooks(const nlohmann::ordered_json &hook_list, bool is_line, CaseResult &result);
CaseResult judge_boot(const Result<GuestRun> &uname, const std::string &release);
CaseResult judge_selftest(const std::string &name, const Result<Tally> &tap);
CaseResult judge_check(const Result<GuestRun> &check); // of `krunctl check --json`

// Of two runs that count instructions: to the last one, but for perf's own calls, which keep the time and may take
// another branch for that. Those may differ by 1 in 500.
bool costs_agree(const std::vector<WayCost> &first, const std::vector<WayCost> &second);

} // namespace krun
