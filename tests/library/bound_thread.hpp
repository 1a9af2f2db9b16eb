// SPDX-License-Identifier: MIT
// The calling thread bound to one CPU, and at the end of it to those that it was allowed before.
#pragma once

#include <sched.h>
#include <vector>

class BoundThread
{
  public:
    BoundThread()
    {
        CPU_ZERO(&allowed_);
        sched_getaffinity(0, sizeof(allowed_), &allowed_);
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &allowed_))
                cpus_.push_back(cpu);
    }
    BoundThread(const BoundThread &) = delete;
    BoundThread &operator=(const BoundThread &) = delete;
    ~BoundThread() { sched_setaffinity(0, sizeof(allowed_), &allowed_); }

    [[nodiscard]] const std::vector<unsigned> &cpus() const { return cpus_; } // ascending
    [[nodiscard]] bool to(unsigned cpu) const
    {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        return sched_setaffinity(0, sizeof(one), &one) == 0;
    }

  private:
    cpu_set_t allowed_{};
    std::vector<unsigned> cpus_;
};
