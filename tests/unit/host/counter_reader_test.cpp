// SPDX-License-Identifier: MIT
// Live counters while CPUs come and go, by either way.
#include "host/counter_reader.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_host.hpp"

namespace krun
{

namespace
{

// What a reading has of each CPU: APERF, or the errno as a negative number.
std::map<int, long> said(CounterReader &reader)
{
    CounterReading reading;
    EXPECT_EQ(reader.read(reading), 0);
    std::map<int, long> found;
    for (const auto &[cpu, now] : reading)
        found[cpu] = now.error != 0 ? -now.error : static_cast<long>(now.aperf);
    return found;
}

using Said = std::map<int, long>;

} // namespace

TEST(CounterReader, CountsFromTheStart)
{
    for (const int device_error : {0, EACCES}) {
        FakeHost host;
        host.device_error = device_error;
        host.time = 123456;
        CounterReader reader(host);
        ASSERT_EQ(reader.start(), 0);
        EXPECT_EQ(said(reader), (Said{{0, 100}, {1, 100}, {2, 100}, {3, 100}}));
        EXPECT_EQ(said(reader), (Said{{0, 200}, {1, 200}, {2, 200}, {3, 200}}));
    }
}

TEST(CounterReader, TheDeviceReadsAllThatIsOnline)
{
    FakeHost host;
    host.online = {1, 3};
    CounterReader reader(host);
    ASSERT_EQ(reader.start(), 0);
    EXPECT_EQ(said(reader), (Said{{1, 100}, {3, 100}}));
}

TEST(CounterReader, ACpuThatGoesOfflineIsToldOfAndOneThatComesCountsFromZero)
{
    for (const int device_error : {0, EACCES}) {
        FakeHost host;
        host.device_error = device_error;
        host.online = {0, 1, 2};
        CounterReader reader(host);
        ASSERT_EQ(reader.start(), 0);
        said(reader);
        host.online = {0, 1};
        EXPECT_EQ(said(reader)[2], -ENXIO);
        host.online = {0, 1, 2, 3}; // CPU 3 is new
        const auto after = said(reader);
        EXPECT_EQ(after.at(2), 0);
        EXPECT_EQ(after.at(3), 0);
        EXPECT_GT(after.at(1), 100);
    }
}

TEST(CounterReader, CountersThatBeganAnewUnseenCountFromZero)
{
    FakeHost host;
    host.time = 5000;
    CounterReader reader(host);
    ASSERT_EQ(reader.start(), 0);
    host.time = 10; // a suspend between two readings
    EXPECT_EQ(said(reader), (Said{{0, 0}, {1, 0}, {2, 0}, {3, 0}}));
    EXPECT_EQ(said(reader), (Said{{0, 100}, {1, 100}, {2, 100}, {3, 100}}));
}

TEST(CounterReader, WhatTheCallsDoNotReachIsToldOf)
{
    FakeHost host;
    host.device_error = ENOENT;
    host.online = {0, 2};
    CounterReader reader(host);
    ASSERT_EQ(reader.start(), 0);
    EXPECT_EQ(said(reader), (Said{{0, 100}, {2, -ENODATA}}));
}

TEST(CounterReader, TheErrorIsTheOneThatTellsMore)
{
    struct Case {
        int calls, device, told;
    };
    for (const Case &one : {Case{ENOSYS, ENOENT, ENOSYS},
                            {EPERM, EACCES, EPERM},
                            {ENOSYS, EACCES, EACCES},
                            {EOPNOTSUPP, EOPNOTSUPP, EOPNOTSUPP},
                            {EPERM, ENOENT, EPERM}}) {
        FakeHost host;
        host.error = one.calls;
        host.device_error = one.device;
        CounterReader reader(host);
        EXPECT_EQ(reader.start(), one.told) << one.calls;
    }
    FakeHost host;
    host.online = {1};
    host.device_error = EACCES;
    CounterReader reader(host);
    EXPECT_EQ(reader.start(), EACCES);
}

} // namespace krun
