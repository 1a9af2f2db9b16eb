// SPDX-License-Identifier: MIT
// The system calls of the first Krun kernel, with a kernel made up by the test.
#include <gmock/gmock.h>

#include <cerrno>
#include <vector>

#include <krun-syscall.h>

#include <krun/counters.h>

#include "answered_calls.hpp"

namespace
{

using testing::HasSubstr;

// What the made-up kernel was asked for, and what it answers to the configuration.
std::vector<bool> cycles_first;
long configured = 0;

// APERF, MPERF and cycles of CPU n are 1000 n + 1, 2, 3.
long kernel(unsigned number, const Arguments &arguments)
{
    if (number == SYSCALL_KRUN_CONFIGURE)
        return configured;
    cycles_first.push_back(arguments[1] != 0);
    for (std::uint64_t cpu = 0; cpu < arguments[0]; cpu++) {
        for (unsigned which = 0; which < 3; which++)
            reinterpret_cast<std::uint64_t *>(arguments[2 + which])[cpu] = 1000 * cpu + 1 + which;
    }
    return 0;
}

int open_calls(krunc_session *&session)
{
    krunc_options options{};
    options.size = sizeof(options);
    options.ways = 1U << KRUNC_WAY_CALLS;
    options.flags = KRUNC_NO_CALIBRATION;
    return krunc_open(&options, &session);
}

const std::vector<CallRule> both = {{SYSCALL_KRUN_READ_MSRS}, {SYSCALL_KRUN_CONFIGURE}};

TEST(SystemCalls, ReadCyclesNextToTheMeasuredCode)
{
    configured = 0;
    cycles_first.clear();
    cycles_first.reserve(2);
    const bool ran = with_answered_calls(both, kernel, [] {
        krunc_session *session = nullptr;
        ASSERT_EQ(open_calls(session), 0);
        krunc_facts facts{};
        facts.size = sizeof(facts);
        ASSERT_EQ(krunc_get_facts(session, &facts), 0);
        std::vector<std::uint64_t> memory(facts.sample_size / sizeof(std::uint64_t));
        auto *sample = reinterpret_cast<krunc_sample *>(memory.data());
        EXPECT_EQ(krunc_sample_begin(session, sample, facts.sample_size), 0);
        EXPECT_EQ(krunc_sample_end(session, sample, facts.sample_size), 0);
        const krunc_reading &last = *krunc_const_reading_at(sample, facts.readings - 1);
        EXPECT_EQ(last.aperf, 1000U * last.cpu + 1);
        EXPECT_EQ(last.mperf, 1000U * last.cpu + 2);
        EXPECT_EQ(last.cycles, 1000U * last.cpu + 3);
        EXPECT_EQ(last.valid, static_cast<std::uint32_t>(KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES));
        krunc_close(session);
    });
    if (!ran)
        GTEST_SKIP() << "the test cannot answer system calls here";
    EXPECT_EQ(cycles_first, (std::vector<bool>{false, true})); // last before it, first after it
}

TEST(SystemCalls, ThatFindNoCounterSayThatTheMachineHasNone)
{
    configured = -EOPNOTSUPP;
    const bool ran = with_answered_calls(both, kernel, [] {
        krunc_session *session = nullptr;
        const int error = open_calls(session);
        EXPECT_EQ(error, -ENODEV);
        EXPECT_THAT(krunc_way_reason(KRUNC_WAY_CALLS, error), HasSubstr("counter"));
        krunc_close(session);
    });
    if (!ran)
        GTEST_SKIP() << "the test cannot answer system calls here";
}

} // namespace
