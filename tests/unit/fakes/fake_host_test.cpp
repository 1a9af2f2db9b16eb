// SPDX-License-Identifier: MIT
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "fakes/fake_counters.hpp"
#include "fakes/fake_host.hpp"
#include "fakes/own_terminal.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::Pair;

TEST(FakeHostTest, ACpuThatIsOfflineIsNeitherBusyNorMeasured)
{
    FakeHost host;
    host.online = {0, 1};
    EXPECT_THAT(host.keep_busy({0, 2, 7}, 1), ElementsAre(Pair(2, EINVAL), Pair(7, EINVAL)));
    EXPECT_TRUE(host.disturbance_while_busy(1, Load::computes, 1, false));
    EXPECT_FALSE(host.disturbance_while_busy(2, Load::computes, 1, false));
}

TEST(FakeHostTest, OnlyPossibleCpusCanBeAskedFor)
{
    FakeHost host;
    CounterReading reading;
    EXPECT_EQ(host.configure_counters(-1), EINVAL);
    EXPECT_EQ(host.configure_counters(5), EINVAL);
    EXPECT_EQ(host.reset_counters(4), ENODATA);
    EXPECT_EQ(host.configure_counters(4), 0);
    EXPECT_EQ(host.read_counters(4, reading), 0);
    EXPECT_EQ(host.read_counters(5, reading), EINVAL);
}

TEST(FakeCountersTest, ACpuThatHasNoReadingDoesNotAdvance)
{
    FakeCounters counters(2);
    EXPECT_NONFATAL_FAILURE(counters.advance(2, 1, 1, 1), "no reading of CPU 2");
}

TEST(OwnTerminalTest, AnUnknownControlSequenceFailsTheTest)
{
    EXPECT_NONFATAL_FAILURE(lines_seen("one\033[1Ktwo"), "ESC [ 1K");
    EXPECT_NONFATAL_FAILURE(lines_seen("one\033[3J"), "ESC [ 3J");
}

} // namespace
} // namespace krun
