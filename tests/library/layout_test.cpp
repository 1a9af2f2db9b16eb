// SPDX-License-Identifier: MIT
// The binary interface of KRUNCOUNTERS_1: programs that were compiled against it must go on working. A structure may
// only grow at its end; what is here never changes.
#include <gtest/gtest.h>

#include <cstddef>

#include <krun/counters.h>

namespace
{

// Member by member, as compiled for the first version.
TEST(Layout, OfOptions)
{
    EXPECT_EQ(offsetof(krunc_options, size), 0U);
    EXPECT_EQ(offsetof(krunc_options, scope), 4U);
    EXPECT_EQ(offsetof(krunc_options, ways), 8U);
    EXPECT_EQ(offsetof(krunc_options, counters), 12U);
    EXPECT_EQ(offsetof(krunc_options, required), 16U);
    EXPECT_EQ(offsetof(krunc_options, flags), 20U);
    EXPECT_EQ(offsetof(krunc_options, cpus), 24U);
    EXPECT_EQ(offsetof(krunc_options, cpus_size), 32U);
    EXPECT_EQ(offsetof(krunc_options, events), 40U);
    EXPECT_EQ(offsetof(krunc_options, max_ratio), 104U);
    EXPECT_GE(sizeof(krunc_options), 112U);
    EXPECT_EQ(sizeof(krunc_event), 16U);
}

TEST(Layout, OfFacts)
{
    EXPECT_EQ(offsetof(krunc_facts, size), 0U);
    EXPECT_EQ(offsetof(krunc_facts, way), 4U);
    EXPECT_EQ(offsetof(krunc_facts, counters), 12U);
    EXPECT_EQ(offsetof(krunc_facts, features), 24U);
    EXPECT_EQ(offsetof(krunc_facts, readings), 32U);
    EXPECT_EQ(offsetof(krunc_facts, sample_size), 40U);
    EXPECT_EQ(offsetof(krunc_facts, tsc_hz), 48U);
    EXPECT_EQ(offsetof(krunc_facts, max_ratio), 64U);
    EXPECT_EQ(offsetof(krunc_facts, cpu), 72U);
    EXPECT_EQ(offsetof(krunc_facts, way_errors), 80U);
    EXPECT_EQ(offsetof(krunc_facts, counter_errors), 112U);
    EXPECT_EQ(offsetof(krunc_facts, least), 240U);
    EXPECT_EQ(offsetof(krunc_facts, median), 320U);
    EXPECT_GE(sizeof(krunc_facts), 400U);
    EXPECT_EQ(sizeof(krunc_cpu), 16U);
    EXPECT_EQ(sizeof(krunc_cost), 80U);
}

// Samples have no size of their own, and readings follow one another: neither can grow, but into what is reserved.
TEST(Layout, OfSamples)
{
    EXPECT_EQ(sizeof(krunc_sample), 64U);
    EXPECT_EQ(offsetof(krunc_sample, valid), 4U);
    EXPECT_EQ(offsetof(krunc_sample, cpu), 8U);
    EXPECT_EQ(offsetof(krunc_sample, edge), 16U);
    EXPECT_EQ(offsetof(krunc_sample, clock), 24U);
    EXPECT_EQ(offsetof(krunc_sample, voluntary), 32U);
    EXPECT_EQ(offsetof(krunc_sample, involuntary), 40U);
    EXPECT_EQ(offsetof(krunc_sample, suspended), 48U);
    EXPECT_EQ(sizeof(krunc_reading), 256U);
    EXPECT_EQ(offsetof(krunc_reading, status), 8U);
    EXPECT_EQ(offsetof(krunc_reading, valid), 12U);
    EXPECT_EQ(offsetof(krunc_reading, epoch), 20U);
    EXPECT_EQ(offsetof(krunc_reading, tsc), 32U);
    EXPECT_EQ(offsetof(krunc_reading, instructions), 64U);
    EXPECT_EQ(offsetof(krunc_reading, irq_timer), 80U);
    EXPECT_EQ(offsetof(krunc_reading, own), 112U);
    EXPECT_EQ(offsetof(krunc_reading, events), 128U);
    EXPECT_EQ(offsetof(krunc_reading, running), 160U);
}

TEST(Layout, OfDifferences)
{
    EXPECT_EQ(offsetof(krunc_delta, cpu), 4U);
    EXPECT_EQ(offsetof(krunc_delta, valid), 12U);
    EXPECT_EQ(offsetof(krunc_delta, quality), 20U);
    EXPECT_EQ(offsetof(krunc_delta, ticks), 32U);
    EXPECT_EQ(offsetof(krunc_delta, aperf), 56U);
    EXPECT_EQ(offsetof(krunc_delta, instructions), 80U);
    EXPECT_EQ(offsetof(krunc_delta, events), 88U);
    EXPECT_EQ(offsetof(krunc_delta, clock), 120U);
    EXPECT_EQ(offsetof(krunc_delta, mperf_error), 144U);
    EXPECT_EQ(offsetof(krunc_delta, smi), 168U);
    EXPECT_EQ(offsetof(krunc_delta, own), 200U);
    EXPECT_EQ(offsetof(krunc_delta, seconds), 208U);
    EXPECT_EQ(offsetof(krunc_delta, busy), 240U);
    EXPECT_GE(sizeof(krunc_delta), 248U);
}

TEST(Layout, OfVerdicts)
{
    EXPECT_EQ(sizeof(krunc_criteria), 24U);
    EXPECT_EQ(offsetof(krunc_verdict, kind), 4U);
    EXPECT_EQ(offsetof(krunc_verdict, causes), 12U);
    EXPECT_EQ(offsetof(krunc_verdict, notes), 16U);
    EXPECT_EQ(offsetof(krunc_verdict, counts), 24U);
    EXPECT_GE(sizeof(krunc_verdict), 280U);
    EXPECT_LE(KRUNC_CAUSES, 32); // of them are there counts
    EXPECT_EQ(sizeof(krunc_thread_counter), 32U);
}

TEST(Layout, NumbersStay)
{
    EXPECT_EQ(KRUNC_WAY_TSC, 4);
    EXPECT_EQ(KRUNC_SCOPE_THREAD, 1);
    EXPECT_EQ(KRUNC_SHIELDED, 7);
    EXPECT_EQ(KRUNC_UNDECIDED, 4);
    EXPECT_EQ(KRUNC_CAUSE_SLEPT, 16);
    EXPECT_EQ(KRUNC_CAUSE_SUSPENDED, 17);
    EXPECT_EQ(KRUNC_Q_SUSPENDED, 1U << 13);
    EXPECT_EQ(KRUNC_THREAD_SWITCHES, 1U << 25);
}

} // namespace
