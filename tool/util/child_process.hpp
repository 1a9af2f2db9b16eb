// SPDX-License-Identifier: MIT
// A started program with its pipes; the half of SystemProcessRunner that knows about fork() and descriptors.
#pragma once

#include <sys/types.h>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// Owns one file descriptor.
class OwnedDescriptor
{
  public:
    OwnedDescriptor() = default;
    explicit OwnedDescriptor(int number) : number_(number) {}
    OwnedDescriptor(OwnedDescriptor &&other) noexcept;
    OwnedDescriptor &operator=(OwnedDescriptor &&other) noexcept;
    OwnedDescriptor(const OwnedDescriptor &) = delete;
    OwnedDescriptor &operator=(const OwnedDescriptor &) = delete;
    ~OwnedDescriptor() { reset(); }
    void reset();
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }

  private:
    int number_ = -1;
};

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
