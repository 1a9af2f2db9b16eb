// SPDX-License-Identifier: MIT
// libkruntime on a machine of which nothing is asked, so that it is as without counters everywhere. Counters are for
// tests/kruntime, in the guest.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "counting.hpp"
#include "kruntime.h"

extern "C" {
void Java_IterationsRunner_JNI_1krun_1init(void *, void *);
void Java_IterationsRunner_JNI_1krun_1done(void *, void *);
void Java_IterationsRunner_JNI_1krun_1measure(void *, void *, int32_t);
int32_t Java_IterationsRunner_JNI_1krun_1get_1num_1cores(void *, void *);
double Java_IterationsRunner_JNI_1krun_1get_1wallclock(void *, void *, int32_t);
double Java_IterationsRunner_JNI_1krun_1clock_1gettime_1monotonic(void *, void *);
int64_t Java_IterationsRunner_JNI_1krun_1get_1core_1cycles(void *, void *, int32_t, int32_t);
int64_t Java_IterationsRunner_JNI_1krun_1get_1aperf(void *, void *, int32_t, int32_t);
int64_t Java_IterationsRunner_JNI_1krun_1get_1mperf(void *, void *, int32_t, int32_t);
}

namespace krun
{
namespace
{

using testing::ExitedWithCode;

// A message of an error, on stderr; the process ends with status 1.
#define EXPECT_FAILS(call, message) EXPECT_EXIT(call, ExitedWithCode(1), message)

class Kruntime : public testing::Test
{
  protected:
    Kruntime() { setenv("KRUN_MSRS", "0", 1); }
    ~Kruntime() override
    {
        krun_done();
        unsetenv("KRUN_MSRS");
    }
};

double raw_clock()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST(KruntimeWish, IsWhatTheEnvironmentSays)
{
    EXPECT_EQ(wish_named(nullptr), Wish::what_there_is);
    EXPECT_EQ(wish_named(""), Wish::what_there_is);
    EXPECT_EQ(wish_named("0"), Wish::wall_clock);
    EXPECT_EQ(wish_named("1"), Wish::counters);
    EXPECT_EQ(wish_named("2"), Wish::not_understood);
    EXPECT_EQ(wish_named("10"), Wish::not_understood);
}

TEST_F(Kruntime, RefusesAWishThatItDoesNotUnderstand)
{
    setenv("KRUN_MSRS", "yes", 1);
    EXPECT_FAILS(krun_init(), "KRUN_MSRS.*must be 0, 1 or unset");
}

TEST_F(Kruntime, MeasuresTheWallClockWithoutCounters)
{
    krun_init();
    EXPECT_EQ(krun_get_num_cores(), 0);
    const double earlier = raw_clock();
    krun_measure(0);
    krun_measure(1);
    EXPECT_LE(earlier, krun_get_wallclock(0));
    EXPECT_LE(krun_get_wallclock(0), krun_get_wallclock(1));
    EXPECT_LE(krun_get_wallclock(1), raw_clock());
    krun_done();
    krun_measure(0); // nothing was given up
    EXPECT_LE(krun_get_wallclock(1), krun_get_wallclock(0));
}

TEST_F(Kruntime, MeasuresTheWallClockBeforeItIsInitialised)
{
    const double earlier = raw_clock();
    krun_measure(0);
    EXPECT_LE(earlier, krun_get_wallclock(0));
    EXPECT_LE(krun_get_wallclock(0), raw_clock());
}

TEST_F(Kruntime, ItsClockIsTheRawMonotonicOne)
{
    const double earlier = raw_clock();
    const double now = krun_clock_gettime_monotonic();
    EXPECT_LE(earlier, now);
    EXPECT_LE(now, raw_clock());
}

TEST_F(Kruntime, GivesNoCountsWithoutCounters)
{
    const char *const message = "libkruntime was built without MSR support";
    krun_init();
    krun_measure(0);
    krun_measure(1);
    EXPECT_FAILS(krun_get_core_cycles(0, 0), message);
    EXPECT_FAILS(krun_get_aperf(0, 0), message);
    EXPECT_FAILS(krun_get_mperf(1, 0), message);
    EXPECT_FAILS(krun_get_core_cycles_double(1, 0), message);
    EXPECT_FAILS(krun_get_aperf_double(0, 0), message);
    EXPECT_FAILS(krun_get_mperf_double(0, 0), message);
}

TEST_F(Kruntime, SaysThatCountersCannotBeReadWhenTheyAreAMust)
{
    if (krunc_session *const session = open_counters()) {
        krunc_close(session);
        GTEST_SKIP() << "this machine's counters can be read";
    }
    setenv("KRUN_MSRS", "1", 1);
    EXPECT_FAILS(krun_init(), "cannot be read\n(  .*\n)+.*KRUN_MSRS=0");
}

TEST_F(Kruntime, HasTwoEndsOfAnIteration)
{
    const char *const message = "mdata index out of range";
    krun_init();
    for (const int end : {-1, 2}) {
        EXPECT_FAILS(krun_measure(end), message);
        EXPECT_FAILS(krun_get_wallclock(end), message);
    }
}

TEST_F(Kruntime, StopsWhenTheWallClockGetsSmaller)
{
    krun_init();
    krun_measure(1);
    krun_measure(0);
    EXPECT_FAILS(krun_check_mdata(), "wallclock got smaller: start=.*, stop=");
    krun_measure(1);
    krun_check_mdata();
}

TEST_F(Kruntime, ConvertsWhatADoubleHolds)
{
    for (const uint64_t value : {uint64_t{0}, uint64_t{666}, uint64_t{1} << 53, (uint64_t{1} << 53) - 1,
                                 uint64_t{1} << 63, ((uint64_t{1} << 53) - 1) << 11})
        EXPECT_EQ(static_cast<uint64_t>(krun_u64_to_double(value)), value);
}

TEST_F(Kruntime, RefusesToRoundADouble)
{
    for (const uint64_t value : {(uint64_t{1} << 53) + 1, (uint64_t{1} << 62) - 1, UINT64_MAX})
        EXPECT_FAILS(krun_u64_to_double(value), "Loss of precision detected!.* " + std::to_string(value));
}

TEST_F(Kruntime, AllocatesZeroedMemory)
{
    auto *const memory = static_cast<unsigned char *>(krun_xcalloc(3, 5));
    for (int i = 0; i < 15; ++i)
        EXPECT_EQ(memory[i], 0);
    std::free(memory);
}

TEST_F(Kruntime, SaysThatThereIsNoMemory)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer ends the program first";
#endif
    EXPECT_FAILS(krun_xcalloc(SIZE_MAX, 2), "calloc: ");
}

TEST_F(Kruntime, TheFunctionsForJavaAreTheSame)
{
    Java_IterationsRunner_JNI_1krun_1init(nullptr, nullptr);
    EXPECT_EQ(Java_IterationsRunner_JNI_1krun_1get_1num_1cores(nullptr, nullptr), 0);
    Java_IterationsRunner_JNI_1krun_1measure(nullptr, nullptr, 0);
    Java_IterationsRunner_JNI_1krun_1measure(nullptr, nullptr, 1);
    for (const int end : {0, 1})
        EXPECT_EQ(Java_IterationsRunner_JNI_1krun_1get_1wallclock(nullptr, nullptr, end), krun_get_wallclock(end));
    EXPECT_LE(krun_get_wallclock(1), Java_IterationsRunner_JNI_1krun_1clock_1gettime_1monotonic(nullptr, nullptr));
    EXPECT_FAILS(Java_IterationsRunner_JNI_1krun_1get_1core_1cycles(nullptr, nullptr, 0, 0), "krun_get_core_cycles");
    EXPECT_FAILS(Java_IterationsRunner_JNI_1krun_1get_1aperf(nullptr, nullptr, 0, 0), "krun_get_aperf");
    EXPECT_FAILS(Java_IterationsRunner_JNI_1krun_1get_1mperf(nullptr, nullptr, 0, 0), "krun_get_mperf");
    Java_IterationsRunner_JNI_1krun_1done(nullptr, nullptr);
}

} // namespace
} // namespace krun
