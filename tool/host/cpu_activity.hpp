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

#include <krun/counters.h>

#include "util/result.hpp"

namespace krun
{

struct CpuActivity {
    unsigned cpu = 0;
    std::string status;                          // the library's word, or that its counters began anew
    std::optional<double> seconds;               // that all of the following is about
    std::optional<double> frequency_hz;          // while the CPU was not halted
    std::optional<double> busy_share;            // of the time, from 0 to 1
    std::optional<double> aperf_mperf_ratio;     // actual / fixed frequency
    std::optional<double> ratio_error;           // at most so far from it, as the two are not read at the same instant
    std::optional<double> interrupts_per_second; // without those of Krun's samples
    std::optional<double> switches_per_second;
    std::optional<std::uint64_t> aperf; // how much each counter advanced
    std::optional<std::uint64_t> mperf;
    std::optional<std::uint64_t> cycles;

    bool operator==(const CpuActivity &) const = default;
};

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
    std::string way;               // by which the counters are read
    bool virtual_machine = false;  // whose host may stop the CPUs at any time
    std::vector<CpuActivity> cpus; // ascending
    std::vector<CounterDecrease> decreases;

    bool operator==(const ActivityReading &) const = default;
};

// As many bytes as a session's samples have, aligned as they want it.
class SampleMemory
{
  public:
    explicit SampleMemory(std::size_t bytes = 0) : words_((bytes + 7) / 8) {}

    [[nodiscard]] krunc_sample *sample() { return reinterpret_cast<krunc_sample *>(words_.data()); }
    [[nodiscard]] const krunc_sample *sample() const { return reinterpret_cast<const krunc_sample *>(words_.data()); }
    [[nodiscard]] std::size_t bytes() const { return words_.size() * 8; }

  private:
    std::vector<std::uint64_t> words_;
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
    virtual Result<bool> sample(SampleMemory &memory) = 0;
    // CPUs that were asked for and that the session does not read, with the word for it: "offline", "not reached".
    [[nodiscard]] virtual std::map<unsigned, std::string> unread() const = 0;
};

// Every counter that is smaller in `after`, within an epoch.
std::vector<CounterDecrease> decreases_between(const SampleMemory &before, const SampleMemory &after);

class ActivityMeter
{
  public:
    explicit ActivityMeter(CounterSource &source) : source_(source) {}

    Result<void> start(); // with which the first reading is compared
    // True if CPUs have come or gone in a way that begins anew: the next reading is about the time from here.
    Result<bool> follow();
    Result<ActivityReading> read(); // what happened since the previous reading, or the start

  private:
    Result<SampleMemory> sample();
    [[nodiscard]] CpuActivity activity_of(const SampleMemory &now, std::uint32_t index) const;
    void add_unread(std::vector<CpuActivity> &cpus) const;

    CounterSource &source_;
    std::optional<SampleMemory> before_;
    std::set<unsigned> seen_; // CPUs that were ever read
    std::optional<std::uint64_t> started_ns_;
    unsigned number_ = 0;
};

} // namespace krun
