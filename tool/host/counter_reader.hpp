// SPDX-License-Identifier: MIT
// The counters of every CPU that is online, by the way that reaches them.
//
// Theory: the system calls are about the CPUs 0 to n - 1, so that one that is offline hides all behind it; /dev/krun
// reaches each CPU by itself. Either may be forbidden, or not be there. CPUs come and go at any time, and one that
// comes back may count from zero; so each CPU has a start of its own, from which its counts are told.
#pragma once

#include <set>

#include "host/host.hpp"

namespace krun
{

class CounterReader
{
  public:
    explicit CounterReader(Host &host) : host_(host) {}

    int start(); // 0, or the errno why the counters cannot be read
    // Counts since the start, or since the CPU came online; 0 or an errno. An offline CPU is reported only if it was
    // online before.
    int read(CounterReading &reading);

  private:
    int read_by_calls(CounterReading &reading);
    int read_raw(CounterReading &reading);
    void count_from_start(CounterReading &reading);

    Host &host_;
    bool by_device_ = false;
    int configured_ = 0; // CPUs, for the system calls
    CounterReading start_;
    std::set<int> seen_; // the CPUs that were ever read
};

// How many CPUs from CPU 0 on are online without a gap: those that the system calls reach.
int reached_by_calls(const std::vector<int> &online);

// Of the two errors, the one that tells the user more.
int error_that_tells_more(int calls, int device);

} // namespace krun
