// SPDX-License-Identifier: MIT
// Keeping CPUs busy: by threads of this process, and by a process of its own.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "util/child_process.hpp"
#include "util/result.hpp"

namespace krun
{

// Threads that only compute, one pinned to each given CPU, like a benchmark: they enter the kernel only
// when something interrupts them.
//
// Not every CPU can be had: a cpuset leaves it out, a seccomp filter forbids the call, it goes offline meanwhile and
// the kernel moves the thread to another one. What was measured on such a CPU is not what a busy CPU does, so each of
// them is reported.

class BusyCpus
{
  public:
    explicit BusyCpus(const std::vector<int> &cpus); // returns when each thread is on its CPU, or was refused
    ~BusyCpus();
    BusyCpus(const BusyCpus &) = delete;
    BusyCpus &operator=(const BusyCpus &) = delete;

    // Ends the threads. The CPUs that were not busy all the time: the errno of sched_setaffinity(2) or of the
    // thread's making, or ENXIO where the kernel has moved the thread away.
    const std::map<int, int> &stop();

  private:
    struct Worker {
        explicit Worker(int its_cpu) : cpu(its_cpu) {}
        int cpu;
        std::atomic<int> error = 0;
        std::thread thread;
    };

    std::atomic<bool> stop_ = false;
    std::deque<Worker> workers_; // they stay where they are
    std::map<int, int> idle_;
};

// The calling thread runs on these CPUs alone for as long as this lives.
class PinnedThread
{
  public:
    explicit PinnedThread(const std::vector<int> &cpus);
    ~PinnedThread();
    PinnedThread(const PinnedThread &) = delete;
    PinnedThread &operator=(const PinnedThread &) = delete;
    [[nodiscard]] int error() const { return error_; } // 0, or the errno of sched_setaffinity(2)

  private:
    std::vector<int> previous_;
    int error_;
};

// A process that keeps one CPU busy, like a benchmark, until its owner ends.
//
// It is a process and not a thread: if it shared its memory with the one that watches, the kernel would interrupt it
// whenever that one unmaps some.

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

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    // Whether it has been on its CPU alone so far: a CPU that goes offline breaks the pinning, and it stays broken.
    [[nodiscard]] bool is_there() const;

    static constexpr const char *name = "krunctl-busy"; // of the process

  private:
    BusyTask(pid_t pid, int cpu) : child_(pid), cpu_(cpu) {}

    OwnedChild child_;
    int cpu_;
};

} // namespace krun
