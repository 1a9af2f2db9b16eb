// SPDX-License-Identifier: MIT
// What nearly every function needs of the world outside: programs and files.
#pragma once

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

class DryRun;

struct Env {
    ProcessRunner &runner;
    Filesystem &files;
    DryRun *shown = nullptr; // by which runner and files only show what they would do (dry_run.hpp)

    [[nodiscard]] bool dry_run() const { return shown != nullptr; }
    // For what is done in a temporary folder of one's own, to find something out.
    [[nodiscard]] const Env &for_scratch() const;
};

} // namespace krun
