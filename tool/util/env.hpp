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
};

} // namespace krun
