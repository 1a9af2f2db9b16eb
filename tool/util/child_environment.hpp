// SPDX-License-Identifier: MIT
// Which of the caller's environment variables a program gets to see.
//
// make takes every variable of the environment for one of its own, and git has dozens that lead it to another
// repository. Naming what must go would never be complete, so a command of theirs names what may stay.
#pragma once

#include <string>
#include <vector>

#include "util/process.hpp"

namespace krun
{

// Values for Command::inherits.
std::vector<std::string> variables_for_builds(); // make, configure, compilers: no flags, no settings of anybody's
std::vector<std::string> variables_for_git();    // the person's own settings, but no repository

// "NAME=value" each: the caller's variables that the command inherits, and what it adds or replaces. A program whose
// output we read speaks English and keeps to its defaults; a TMPDIR that cannot be used is left out.
std::vector<std::string> environment_for(const Command &command);

} // namespace krun
