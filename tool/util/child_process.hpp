// SPDX-License-Identifier: MIT
// A started program with its pipes; the half of SystemProcessRunner that knows about fork() and descriptors.
#pragma once

#include <string>
#include <sys/time.h>
#include <sys/types.h>
#include <utility>
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

// A child that does not outlive this: it is killed, and waited for.
class OwnedChild
{
  public:
    explicit OwnedChild(pid_t pid) : pid_(pid) {}
    OwnedChild(OwnedChild &&other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}
    OwnedChild &operator=(OwnedChild &&) = delete;
    ~OwnedChild();

    [[nodiscard]] pid_t pid() const { return pid_; } // until it has been waited for
    void kill() const;
    int wait(); // until its end: its exit status, as exit_status_of() has it

  private:
    pid_t pid_;
    int status_ = 0;
};

// In the form that exec() needs; valid as long as `texts` is.
std::vector<char *> pointers_to(const std::vector<std::string> &texts);
// What wait(2) has said, as a shell has it: 128 + signal number when killed by a signal.
int exit_status_of(int wait_status);
double seconds_of(const timeval &time); // as in rusage

} // namespace krun
