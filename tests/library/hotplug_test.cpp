// SPDX-License-Identifier: MIT
// CPUs that go offline and come back while a session counts on them. On a machine that may be played with: the guest of
// tests/machine says so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <krun/counters.hpp>

#include "bound_thread.hpp"

namespace
{

void set_online(unsigned cpu, bool online)
{
    std::ofstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online");
    file << (online ? "1" : "0") << std::flush;
    ASSERT_TRUE(file.good()) << cpu;
}

class Hotplug : public testing::TestWithParam<krunc::Options>
{
  protected:
    static constexpr unsigned cpu = 1;

    void SetUp() override
    {
        if (std::getenv("KRUN_TEST_MAY_OFFLINE_CPUS") == nullptr)
            GTEST_SKIP() << "no CPU of this machine may go offline";
        ASSERT_TRUE(thread_.to(0));
    }
    void TearDown() override
    {
        if (went_)
            set_online(cpu, true);
    }
    void go(bool online)
    {
        went_ = true;
        set_online(cpu, online);
    }

    static krunc::Sample sample(krunc::Session &session)
    {
        krunc::Sample taken = session.make_sample();
        EXPECT_FALSE(session.end(taken));
        return taken;
    }
    static const krunc::Reading &reading(const krunc::Sample &sample) { return sample.readings()[1]; }

    // From here on it counts as if nothing had happened.
    static void expect_counting(krunc::Session &session)
    {
        const krunc::Sample before = sample(session);
        const krunc::Sample after = sample(session);
        EXPECT_EQ(reading(before).status, KRUNC_OK);
        const auto delta = session.difference(before, after, 1);
        ASSERT_TRUE(delta);
        EXPECT_EQ(delta->raw().quality & (KRUNC_Q_EPOCH | KRUNC_Q_OFFLINE | KRUNC_Q_MISSING), 0U);
        EXPECT_NE(delta->raw().valid & session.facts().counters, 0U);
    }

  private:
    BoundThread thread_;
    bool went_ = false;
};

TEST_P(Hotplug, ShowsWhileACpuIsOfflineAndTheSessionCountsOnWhenItIsBack)
{
    krunc::Session session(GetParam());
    const krunc::Sample before = sample(session);
    EXPECT_EQ(reading(before).status, KRUNC_OK);
    for (int time = 0; time < 2; time++) {
        go(false);
        for (int look = 0; look < 2; look++) {
            const krunc::Sample offline = sample(session);
            EXPECT_EQ(reading(offline).status, KRUNC_OFFLINE);
            EXPECT_EQ(offline.readings()[0].status, KRUNC_OK);
            const auto delta = session.difference(before, offline, 1);
            ASSERT_TRUE(delta);
            EXPECT_EQ(delta->is(KRUNC_Q_OFFLINE), true);
        }
        go(true);
        expect_counting(session);
    }
}

// In ways that can tell; registers cannot.
using UnseenHotplug = Hotplug;

TEST_P(UnseenHotplug, IsNoCount)
{
    krunc::Session session(GetParam());
    const krunc::Sample before = sample(session);
    go(false);
    go(true);
    const krunc::Sample after = sample(session);
    const auto delta = session.difference(before, after, 1);
    ASSERT_TRUE(delta);
    EXPECT_EQ(reading(after).status, KRUNC_OK);
    EXPECT_EQ(delta->is(KRUNC_Q_EPOCH), true);
    EXPECT_FALSE(delta->mperf());
    expect_counting(session);
}

TEST_P(Hotplug, OfACpuThatWasOfflineAtTheOpeningIsNoticed)
{
    go(false);
    krunc::Options options = GetParam();
    options.cpus = {0, cpu};
    krunc::Session session(options);
    EXPECT_EQ(reading(sample(session)).status, KRUNC_OFFLINE);
    go(true);
    expect_counting(session);
}

constexpr krunc::Options options_of(krunc_way way, std::uint32_t counters)
{
    krunc::Options options;
    options.ways = 1U << way;
    options.counters = options.required = counters;
    options.flags = KRUNC_NO_CALIBRATION;
    return options;
}

std::string name_of(const testing::TestParamInfo<krunc::Options> &info)
{
    const auto way = static_cast<unsigned>(__builtin_ctz(info.param.ways));
    const bool alone = (info.param.counters & (info.param.counters - 1)) == 0;
    return std::string(krunc_way_name(way)) + (alone ? "_one_counter" : "");
}

constexpr auto by_device = options_of(KRUNC_WAY_DEVICE, KRUNC_MPERF | KRUNC_CYCLES);
constexpr auto by_perf = options_of(KRUNC_WAY_PERF, KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS);
constexpr auto by_perf_alone = options_of(KRUNC_WAY_PERF, KRUNC_CYCLES); // whose group would have one event
constexpr auto by_msr = options_of(KRUNC_WAY_MSR, KRUNC_MPERF);

INSTANTIATE_TEST_SUITE_P(InEachWay, Hotplug, testing::Values(by_device, by_perf, by_perf_alone, by_msr), name_of);
INSTANTIATE_TEST_SUITE_P(InEachWay, UnseenHotplug, testing::Values(by_device, by_perf, by_perf_alone), name_of);

} // namespace
