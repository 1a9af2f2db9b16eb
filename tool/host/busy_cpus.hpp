// SPDX-License-Identifier: MIT
// Threads that do nothing but compute, one pinned to each given CPU, as a benchmark would: they enter the kernel only
// when something interrupts them.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace krun
{

class BusyCpus
{
  public:
    explicit BusyCpus(const std::vector<int> &cpus);
    ~BusyCpus(); // stops and joins them
    BusyCpus(const BusyCpus &) = delete;
    BusyCpus &operator=(const BusyCpus &) = delete;

  private:
    std::atomic<bool> stop_ = false;
    std::vector<std::thread> threads_;
};

// The calling thread moves to a CPU for as long as this lives.
class PinnedThread
{
  public:
    explicit PinnedThread(int cpu);
    ~PinnedThread();
    PinnedThread(const PinnedThread &) = delete;
    PinnedThread &operator=(const PinnedThread &) = delete;

  private:
    std::vector<unsigned char> previous_;
};

} // namespace krun
