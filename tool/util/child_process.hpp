// SPDX-License-Identifier: MIT
// A started program with its pipes; the half of SystemProcessRunner that knows about fork() and descriptors.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "util/descriptor.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// Which of the caller's environment variables a program gets to see.
// make takes every variable of the environment for one of its own, and git has dozens that lead it to another
// repository. Naming what must go would never be complete, so a command of theirs names what may stay, as a value for
// Command::inherits.
std::vector<std::string> variables_for_git(); // the person's own settings, but no repository

// "NAME=value" each: the caller's variables that the command inherits, and what it adds or replaces. A program whose
// output we read speaks English and keeps to its defaults; a TMPDIR that cannot be used is left out.
std::vector<std::string> environment_for(const Command &command);

struct ChildProcess {
    pid_t pid = -1;
    OwnedDescriptor ended; // a pidfd: readable when the program is a zombie
    OwnedDescriptor input; // our ends of the pipes; not open with Command::terminal
    OwnedDescriptor output;
    OwnedDescriptor errors;
};

// An Error when the program is missing or cannot be executed.
Result<ChildProcess> start_child(const Command &command);

} // namespace krun
