// SPDX-License-Identifier: MIT
// Which lines a run can test: those that Debian has the source of, and those of the person's own sources.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cases/test_sources.hpp"
#include "runner/case_plan.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

// Series without cases of their own: those that no line names, or only one that no Debian package has.
std::vector<std::string> extra_series(const TestSources &sources, const std::vector<KernelLine> &lines);
// Lines that no Debian package has, and no tree of the person's own.
std::vector<std::string> lines_without_source(const TestSources &sources, const std::vector<KernelLine> &lines);
std::string why_without_source(const std::string &line);
// In a report, such a line stands for all of its cases.
PlannedCase line_as_case(const std::string &line);

// Has CMake make cases for these series, and none for those of an earlier run.
Result<void> make_cases_of(const Env &env, const std::filesystem::path &build, const std::vector<std::string> &series);

} // namespace krun
