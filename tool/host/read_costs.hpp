// SPDX-License-Identifier: MIT
// What it costs to read counters, by several ways side by side.
//
// Theory: a machine drifts (frequency, temperature, what else runs), so that ways which are measured one after the
// other are measured on different machines. Here each round takes one reading of every way, in an order that is
// shuffled each time, so that no way always pays for what the same other one has left in the caches. A way that is too
// slow for as many readings takes part in a share of the rounds, evenly spread.
//
// What a reading does to other CPUs is counted afterwards, in windows of one way each, as /proc/interrupts takes longer
// to read than any counter. After each window comes one of the same length in which nothing is read, for comparison.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/disturbance.hpp"
#include "util/result.hpp"
#include "util/statistics.hpp"

namespace krun
{

struct Timing {
    std::uint64_t ticks = 0;
    int error = 0; // an errno: there was no reading
};

// What is read, again and again.
class CostSubject
{
  public:
    CostSubject() = default;
    CostSubject(const CostSubject &) = delete;
    CostSubject &operator=(const CostSubject &) = delete;
    virtual ~CostSubject() = default;
    virtual Timing take() = 0; // one reading
};

// The machine as it is seen between the readings.
class CostMachine
{
  public:
    virtual ~CostMachine() = default;
    virtual std::uint64_t ticks() = 0;
    virtual void spin(std::uint64_t ticks) = 0;          // without entering the kernel
    virtual std::optional<std::string> interrupts() = 0; // /proc/interrupts
    virtual bool stop_requested() = 0;
};

struct CostPlan {
    std::uint64_t readings = 10000; // of each subject, at most
    std::uint64_t most_ticks = 0;   // that all readings of a subject may take together; 0: any
    std::uint64_t window_ticks = 0; // that a window for interrupts may take; 0: any
    unsigned windows = 4;           // of each subject
    std::vector<int> other_cpus;    // whose interrupts count
};

// Interrupts of all other CPUs together, in all windows of a subject.
struct OtherCpus {
    std::uint64_t readings = 0;
    std::uint64_t ticks = 0; // that the windows took
    std::vector<InterruptRow> rows;
    std::vector<InterruptRow> control; // in as long a time without a reading

    // Of a reading. The last one may be below 0, when more came by chance while nothing was read.
    [[nodiscard]] double during() const;
    [[nodiscard]] double otherwise() const;
    [[nodiscard]] double caused() const { return during() - otherwise(); }
};

struct ReadCost {
    Distribution ticks;
    bool fewer = false;              // than were asked for: it is slow
    int error = 0;                   // an errno that ended it early
    std::optional<OtherCpus> others; // nothing: there are none, or the kernel does not say
};

// In the order of `subjects`. `done` is told how many parts of a thousand are behind us. An Error only when stopped.
Result<std::vector<ReadCost>> measure_read_costs(CostMachine &machine,
                                                 const std::vector<std::unique_ptr<CostSubject>> &subjects,
                                                 const CostPlan &plan, const std::function<void(unsigned)> &done);

} // namespace krun
