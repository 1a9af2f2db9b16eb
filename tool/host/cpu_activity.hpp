// SPDX-License-Identifier: MIT
// What each CPU did between two samples of libkruncounters, and whether a counter got smaller meanwhile.
//
// Theory: whatever a reading lacks stays without a value all the way to the person, and is never taken for 0. Between
// two readings of the same epoch no counter may get smaller, by no way and on no CPU; if one does, no figure is to be
// trusted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <krun/counters.hpp>

#include "util/result.hpp"

namespace krun
{

struct CpuActivity {
    unsigned cpu = 0;
    std::string status; // the library's word, or that its counters began anew
    krunc::Delta delta; // since the reading before; it has no values where there is nothing to compare with
};

// All that came to the CPU but the interrupts of the session's own samples: those of others' samples count.
std::uint64_t interrupts_of(const krunc_delta &delta);
std::optional<double> interrupts_per_second(const krunc_delta &delta);
std::optional<double> switches_per_second(const krunc_delta &delta);

struct CounterDecrease {
    unsigned cpu = 0;
    std::string counter;
    std::uint64_t before = 0;
    std::uint64_t after = 0;

    bool operator==(const CounterDecrease &) const = default;
};

struct ActivityReading {
    unsigned number = 0;           // from 1
    double elapsed_seconds = 0;    // since the first sample
    krunc_facts facts{};           // of the session; without `cpu`
    std::vector<CpuActivity> cpus; // ascending
    std::vector<CounterDecrease> decreases;
};

// A session of libkruncounters for a set of CPUs. An interface, so that machines that misbehave are tested without one.
class CounterSource
{
  public:
    virtual ~CounterSource() = default;

    virtual const krunc_facts &facts() = 0;
    // Follows CPUs that have come or gone. True if that took a new session, whose samples have no past.
    virtual Result<bool> renew() = 0;
    // True if that took a new session as well, because a CPU had gone.
    virtual Result<bool> sample(krunc::Sample &sample) = 0;
    // CPUs that were asked for and that the session does not read, with the word for it: "offline", "not reached".
    [[nodiscard]] virtual std::map<unsigned, std::string> unread() const = 0;
};

// Every counter that is smaller in `after`, within an epoch.
std::vector<CounterDecrease> decreases_between(const krunc::Sample &before, const krunc::Sample &after);

class ActivityMeter
{
  public:
    explicit ActivityMeter(CounterSource &source) : source_(source) {}

    Result<void> start(); // with which the first reading is compared
    // True if CPUs have come or gone in a way that begins anew: the next reading is about the time from here.
    Result<bool> follow();
    Result<ActivityReading> read(); // what happened since the previous reading, or the start

  private:
    Result<krunc::Sample> sample();
    [[nodiscard]] CpuActivity activity_of(const krunc::Sample &now, std::uint32_t index) const;
    void add_unread(std::vector<CpuActivity> &cpus) const;

    CounterSource &source_;
    std::optional<krunc::Sample> before_;
    std::set<unsigned> seen_; // CPUs that were ever read
    std::optional<std::uint64_t> started_ns_;
    unsigned number_ = 0;
};

} // namespace krun
