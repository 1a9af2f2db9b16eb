// SPDX-License-Identifier: MIT
#include "host/busy_cpus.hpp"

#include <cstring>
#include <sched.h>

namespace krun
{

namespace
{

void pin_to(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    sched_setaffinity(0, sizeof(set), &set);
}

} // namespace

BusyCpus::BusyCpus(const std::vector<int> &cpus)
{
    for (const int cpu : cpus)
        threads_.emplace_back([this, cpu] {
            pin_to(cpu);
            while (!stop_.load(std::memory_order_relaxed)) {
            }
        });
}

BusyCpus::~BusyCpus()
{
    stop_ = true;
    for (std::thread &thread : threads_)
        thread.join();
}

PinnedThread::PinnedThread(int cpu) : previous_(sizeof(cpu_set_t))
{
    cpu_set_t before;
    CPU_ZERO(&before);
    sched_getaffinity(0, sizeof(before), &before);
    std::memcpy(previous_.data(), &before, sizeof(before));
    pin_to(cpu);
}

PinnedThread::~PinnedThread()
{
    cpu_set_t before;
    std::memcpy(&before, previous_.data(), sizeof(before));
    sched_setaffinity(0, sizeof(before), &before);
}

} // namespace krun
