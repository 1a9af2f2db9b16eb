// SPDX-License-Identifier: MIT
// A machine whose counters say what a test wants: samples without a session.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/cpu_activity.hpp"

namespace krun
{

// The TSC runs at 1 GHz, and each sample is a second after the one before.
class FakeCounters : public CounterSource
{
  public:
    explicit FakeCounters(unsigned cpus);

    std::vector<krunc_reading> readings; // of the next sample
    std::map<unsigned, std::string> others;
    bool changed = false; // CPUs: the next renew() takes a new session
    bool gone = false;    // the next sample() does
    bool broken = false;  // nothing can be sampled
    std::function<void()> before_sample = [] {};

    // Each counter advances by so much a second from now on; the TSC does in any case.
    void advance(unsigned cpu, std::uint64_t aperf, std::uint64_t mperf, std::uint64_t cycles);

    const krunc_facts &facts() override;
    Result<bool> renew() override;
    Result<bool> sample(krunc::Sample &sample) override;
    [[nodiscard]] std::map<unsigned, std::string> unread() const override { return others; }

    krunc_facts known{};

  private:
    struct Speed {
        std::uint64_t aperf, mperf, cycles;
    };
    std::map<unsigned, Speed> speeds_;
    std::uint64_t seconds_ = 0;
};

} // namespace krun
