// SPDX-License-Identifier: MIT
// What a build and a guest say of a kernel line: each stage is a test, and a column in the table of lines.
#pragma once

#include <optional>

#include "build/kernel_build.hpp"
#include "cases/case_result.hpp"
#include "machine/guest_run.hpp"

namespace krun
{

// `last`: the stage that was told last; none when the kernel was up to date.
CaseResult judge_build(const Result<BuiltKernel> &built, std::optional<BuildStage> last);
CaseResult judge_boot(const Result<GuestRun> &uname, const std::string &release);
CaseResult judge_selftest(const std::string &name, const Result<Tally> &tap);
CaseResult judge_check(const Result<GuestRun> &check); // of `krunctl check --json`

} // namespace krun
