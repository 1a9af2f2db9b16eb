// SPDX-License-Identifier: MIT
// Which lines of the overlay a guest's kernel has executed, by gcov.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "build/kernel_build.hpp"
#include "util/env.hpp"

namespace krun
{

// What a program printed, and what tests/kernel/fuzz/with-coverage added to it.
struct CountedOutput {
    std::string output;
    std::map<std::string, std::string> data; // of each .gcda file: base64
};

struct FileCoverage {
    std::string file;
    std::map<unsigned, bool> lines; // those with code, and whether it was executed

    [[nodiscard]] std::size_t executed() const;
};

CountedOutput split_counted_output(const std::string &output);

// From gcov's JSON, one object a line: the files of the overlay. A header's line counts as executed where any file that
// includes it says so.
Result<std::vector<FileCoverage>> read_gcov(const std::string &json_lines);

// In percent; 0 of nothing.
double percent_executed(const std::vector<FileCoverage> &files);

// A row a file, with the lines that were never executed.
std::string coverage_table(const std::vector<FileCoverage> &files);

// Runs gcov on what the guest has counted.
Result<std::vector<FileCoverage>> coverage_of(const Env &env, const BuiltKernel &kernel, const CountedOutput &counted);

} // namespace krun
