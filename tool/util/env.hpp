// SPDX-License-Identifier: MIT
// What nearly every function needs of the world outside: programs and files.
#pragma once

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

struct Env {
    ProcessRunner &runner;
    Filesystem &files;
    const Env *real = nullptr; // of a dry run (dry_run.hpp), whose runner and files only show what they would do

    [[nodiscard]] bool dry_run() const { return real != nullptr; }
    // For what is done in a temporary folder of one's own, to find something out.
    [[nodiscard]] const Env &for_scratch() const { return real != nullptr ? *real : *this; }
};

} // namespace krun
