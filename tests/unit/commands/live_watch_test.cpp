// SPDX-License-Identifier: MIT
// The readings of `krunctl watch`, of machines on which counters misbehave.
#include "commands/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "fakes/fake_counters.hpp"
#include "fakes/own_terminal.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double at_once = 0.01;

struct Watched {
    Result<ExitCode> result;
    std::string output;
    std::string errors;
};

Watched watch(FakeCounters &source, const WatchOptions &options)
{
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    auto result = LiveWatch(source, options).run();
    auto output = testing::internal::GetCapturedStdout();
    return {std::move(result), std::move(output), testing::internal::GetCapturedStderr()};
}

TEST(LiveWatch, ShowsAsManyReadingsAsItIsToldTo)
{
    FakeCounters source(2);
    source.advance(1, 5, 5, 5);
    const auto watched = watch(source, {3, at_once, false});
    EXPECT_EQ(watched.result.value(), ExitCode::done);
    EXPECT_THAT(watched.output, StartsWith("reading 1, 1.0 s, way: device\nCPU  status"));
    EXPECT_THAT(watched.output, HasSubstr("\nreading 3, "));
    EXPECT_THAT(watched.output, Not(HasSubstr("reading 4")));
    EXPECT_EQ(watched.errors, "");
}

TEST(LiveWatch, HasAnObjectOnEachLineOfItsJson)
{
    FakeCounters source(2);
    const auto watched = watch(source, {2, at_once, true});
    const auto lines = lines_of(watched.output);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(nlohmann::json::parse(lines[0]).at("reading"), 1);
    EXPECT_EQ(nlohmann::json::parse(lines[1]).at("reading"), 2);
}

TEST(LiveWatch, AnswersNoAfterACounterGotSmaller)
{
    FakeCounters source(2);
    source.before_sample = [&, samples = 0]() mutable {
        if (++samples == 3)
            source.readings[1].aperf = 17;
    };
    const auto watched = watch(source, {4, at_once, false});
    EXPECT_EQ(watched.result.value(), ExitCode::answer_is_no);
    EXPECT_EQ(watched.errors, "krunctl: CPU 1: aperf went back from 1000000 to 17\n");
    EXPECT_THAT(watched.output, HasSubstr("\nreading 4, ")); // it goes on
}

TEST(LiveWatch, FollowsCpusThatCome)
{
    FakeCounters source(1);
    source.before_sample = [&, samples = 0]() mutable {
        if (++samples != 2)
            return;
        source.readings.push_back(source.readings.front());
        source.readings.back().cpu = 1;
        source.changed = true;
    };
    const auto watched = watch(source, {3, at_once, true});
    EXPECT_EQ(nlohmann::json::parse(lines_of(watched.output).back()).at("cpus").size(), 2U);
    EXPECT_EQ(watched.result.value(), ExitCode::done);
}

TEST(LiveWatch, EndsWhenNothingCanBeSampledAnyMore)
{
    FakeCounters source(1);
    source.before_sample = [&, samples = 0]() mutable { source.broken = ++samples == 3; };
    EXPECT_EQ(watch(source, {5, at_once, false}).result.error().code, ExitCode::host_lacks);
    FakeCounters none(1);
    none.broken = true;
    EXPECT_EQ(watch(none, {5, at_once, false}).result.error().hint, "mend it");
    FakeCounters changed(1);
    changed.before_sample = [&, samples = 0]() mutable {
        changed.changed = true;
        changed.broken = ++samples == 2;
    };
    EXPECT_EQ(watch(changed, {5, at_once, false}).result.error().code, ExitCode::host_lacks);
}

// What it has to say of counters would be drawn over.
TEST(LiveWatch, OnATerminalShowsTheLastReadingAloneAndReportsCountersAtTheEnd)
{
    FakeCounters source(64);
    source.before_sample = [&, samples = 0]() mutable {
        if (++samples == 2)
            source.readings[1].aperf = 17;
    };
    testing::internal::CaptureStderr();
    OwnTerminal terminal(STDOUT_FILENO);
    EXPECT_EQ(LiveWatch(source, {3, at_once, false}).run().value(), ExitCode::answer_is_no);
    const auto lines = lines_seen(terminal.written());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "krunctl: CPU 1: aperf went back from 1000000 to 17\n");
    EXPECT_EQ(lines.size(), 24U); // with the cursor's
    EXPECT_EQ(lines.front(), "reading 3, 3.0 s, way: device");
    EXPECT_THAT(lines, Contains(StartsWith("44 CPUs not shown")));
}

TEST(LiveWatch, CountsTheMessagesThatAreTooManyToKeep)
{
    FakeCounters source(600);
    source.before_sample = [&] {
        for (auto &reading : source.readings)
            reading.cycles--;
    };
    testing::internal::CaptureStderr();
    {
        OwnTerminal terminal(STDOUT_FILENO);
        EXPECT_EQ(LiveWatch(source, {2, at_once, false}).run().value(), ExitCode::answer_is_no);
    }
    const auto errors = lines_of(testing::internal::GetCapturedStderr());
    EXPECT_EQ(errors.size(), 1001U);
    EXPECT_EQ(errors.back(), "krunctl: 200 more decreases");
}

} // namespace
} // namespace krun
