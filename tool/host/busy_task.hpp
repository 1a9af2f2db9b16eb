// SPDX-License-Identifier: MIT
// A process that keeps one CPU busy, like a benchmark.
//
// It is a process and not a thread: if it shared its memory with the one that watches, the kernel would interrupt it
// whenever that one unmaps some.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/types.h>

#include "util/result.hpp"

namespace krun
{

enum class Load {
    computes, // never enters the kernel by itself
    calls, // system calls without an end: opens, reads and closes a file of /proc, maps and unmaps memory, writes to a
           // file in memory, a pipe and a socket
};

class BusyTask
{
  public:
    // Pinned to the CPU when this returns. An Error: it may not run there.
    static Result<BusyTask> start(int cpu, Load load);
    BusyTask(BusyTask &&other) noexcept;
    BusyTask(const BusyTask &) = delete;
    BusyTask &operator=(const BusyTask &) = delete;
    BusyTask &operator=(BusyTask &&) = delete;
    ~BusyTask(); // ends it

    [[nodiscard]] pid_t pid() const { return pid_; }
    // Whether it has been on its CPU alone so far: a CPU that goes offline breaks the pinning, and it stays broken.
    [[nodiscard]] bool is_there() const;
    // How often something else took its CPU.
    [[nodiscard]] std::optional<std::uint64_t> times_preempted() const;
    // How often it has given it up by itself.
    [[nodiscard]] std::optional<std::uint64_t> times_slept() const;

    static constexpr const char *name = "krunctl-busy"; // of the process

  private:
    BusyTask(pid_t pid, int cpu) : pid_(pid), cpu_(cpu) {}

    pid_t pid_;
    int cpu_;
};

} // namespace krun
