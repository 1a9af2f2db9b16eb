// SPDX-License-Identifier: MIT
// Two samples made up by a test: nothing happened in between but what the test says.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include <krun/counters.h>

// CPU 3, an adaptive-tick CPU whose sibling is CPU 7, is read at both ends in 10 ticks; the caller runs there. The TSC
// has 1 GHz, HZ is 250.
class TwoSamples : public testing::Test
{
  protected:
    static constexpr std::uint32_t measured = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS |
                                              KRUNC_SMI | KRUNC_INTERRUPTS | KRUNC_SWITCHES | KRUNC_THERMAL;
    static constexpr std::uint64_t start = 1000000;
    static constexpr std::uint64_t second = 1000000000;

    struct Memory {
        krunc_sample header;
        krunc_reading readings[2];
    };

    TwoSamples()
    {
        for (auto &cpu : cpus_)
            cpu = {0, -1, {}};
        cpus_[3] = {KRUNC_CPU_NOHZ_FULL, 7, {}};
        cpus_[7] = {KRUNC_CPU_NOHZ_FULL, 3, {}};
        facts.size = sizeof(facts);
        facts.way = KRUNC_WAY_DEVICE;
        facts.tsc_hz = second;
        facts.tick_hz = 250;
        facts.max_ratio = 2;
        facts.readings = 1;
        facts.possible_cpus = static_cast<std::uint32_t>(cpus_.size());
        facts.cpu = cpus_.data();
        for (Memory *memory : {&before, &after}) {
            memory->header.readings = 1;
            memory->header.valid = KRUNC_THREAD_SWITCHES | KRUNC_CLOCK;
            memory->header.cpu = 3;
            krunc_reading &reading = memory->readings[0];
            reading.sequence = reading.sequence_after = 4;
            reading.cpu = 3;
            reading.status = KRUNC_OK;
            reading.valid = measured;
            reading.sample = 1;
            reading.epoch = 1;
            reading.span = 10;
            reading.tsc = start;
        }
        a().aperf = a().mperf = a().cycles = a().instructions = 500;
        before.header.edge = start + 100;
        after.readings[0].sample = 2;
        b().tsc = start + second;
        after.header.edge = start + second - 50;
        after.header.clock = second;
        b().aperf = 500 + 1500000000;
        b().mperf = 500 + second;
        b().cycles = 500 + 1500000100;
        b().instructions = 500 + 3000000000;
    }

    krunc_reading &a() { return before.readings[0]; }
    krunc_reading &b() { return after.readings[0]; }

    krunc_delta difference(std::uint32_t flags = 0, std::uint32_t index = 0)
    {
        krunc_delta delta{};
        delta.size = sizeof(delta);
        EXPECT_EQ(krunc_difference(&facts, &before.header, &after.header, index, flags, &delta), 0);
        return delta;
    }

    krunc_verdict verdict(const krunc_criteria *criteria = nullptr)
    {
        const krunc_delta delta = difference();
        krunc_verdict found{};
        found.size = sizeof(found);
        EXPECT_EQ(krunc_judge(&facts, &delta, criteria, &found), 0);
        return found;
    }

    krunc_facts facts{};
    Memory before{};
    Memory after{};
    std::array<krunc_cpu, 8> cpus_{};
};
