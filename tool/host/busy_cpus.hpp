// SPDX-License-Identifier: MIT
// Threads that only compute, one pinned to each given CPU, like a benchmark: they enter the kernel only
// when something interrupts them.
//
// Not every CPU can be had: a cpuset leaves it out, a seccomp filter forbids the call, it goes offline meanwhile and
// the kernel moves the thread to another one. What was measured on such a CPU is not what a busy CPU does, so each of
// them is reported.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace krun
{

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
    std::vector<std::unique_ptr<Worker>> workers_;
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

} // namespace krun
