// SPDX-License-Identifier: MIT
// A thread whose system calls the test answers in the kernel's stead, by seccomp: errors and machines that the test's
// own machine does not have.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

struct CallRule {
    unsigned number;
    int error = 0;      // the call fails with it; 0: the test answers
    int argument = -1;  // only where this argument
    unsigned below = 0; // is less than this
};

using Arguments = std::array<std::uint64_t, 6>;

// The result, or -errno. It runs in a signal handler: no memory, no locks.
using Answer = long (*)(unsigned number, const Arguments &arguments);

// Runs `what` in a thread for which the rules hold. False: seccomp filters cannot be had here, or this is valgrind,
// whose own system calls they would hit.
bool with_answered_calls(const std::vector<CallRule> &rules, Answer answer, const std::function<void()> &what);
