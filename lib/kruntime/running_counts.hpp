// SPDX-License-Identifier: MIT
// Counts of every core since the beginning, out of samples of which only neighbours can be subtracted.
//
// The client compares and subtracts plain 64-bit numbers and stops the experiment when one gets smaller. What a machine
// counts is not like that: it begins at some large number, which a double may not hold, and begins anew when a CPU goes
// offline or the machine is suspended. So what is counted from one sample to the next is added up, as far as
// libkruncounters can subtract. What was counted across such a break is left out: between two iterations that is
// harmless, within one it is an error.
//
// Like libkruncounters, this needs nothing of the C++ library at run time: language VMs bring one of their own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

#include <krun/counters.h>

namespace krun
{

struct CoreCounts {
    uint64_t core_cycles;
    uint64_t aperf;
    uint64_t mperf;
};

enum class Break { is_left_out, is_an_error };

struct Obstacle {
    uint32_t cpu;
    const char *what;
};

struct Free {
    void operator()(void *memory) const { std::free(memory); }
};

class RunningCounts
{
  public:
    static constexpr uint32_t counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES;

    // Everything is 0 at the first sample that advance() gets.
    explicit RunningCounts(const krunc_facts &facts);

    // Goes on to this sample, or says why it cannot: then the counts are of no use any more.
    [[nodiscard]] std::optional<Obstacle> advance(const krunc_sample &sample, Break at_break);

    // A core is a position in the sample, which has all CPUs that were online when the session was opened.
    [[nodiscard]] uint32_t cores() const { return facts_.readings; }
    [[nodiscard]] const CoreCounts *counts() const { return counts_.get(); }

  private:
    krunc_facts facts_;
    std::unique_ptr<krunc_sample, Free> previous_;
    bool has_previous_ = false;
    std::unique_ptr<CoreCounts[], Free> counts_;
};

} // namespace krun
