// SPDX-License-Identifier: MIT
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

Command started_as(std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    return command;
}

TEST(FakeProcessRunnerTest, AProgramThatNobodyExpectsFailsTheTestAndItself)
{
    FakeProcessRunner runner;
    runner.succeeds({"make", "bzImage"});
    int status = 0;
    EXPECT_NONFATAL_FAILURE(status = runner.run(started_as({"make", "clean"}))->status, "`make clean`");
    EXPECT_EQ(status, 127);
    EXPECT_NONFATAL_FAILURE(status = runner.run(started_as({"rm", "-r", "/"}))->status, "`rm -r /`");
    EXPECT_EQ(runner.count({"make", "clean"}), 1U);
}

TEST(FakeProcessRunnerTest, WhatSucceedsPrintsNothing)
{
    FakeProcessRunner runner;
    runner.succeeds({"make"});
    const auto made = runner.run(started_as({"make", "-j2"}));
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->ok());
    EXPECT_EQ(made->output + made->errors, "");
}

TEST(FakeProcessRunnerTest, TheLongestBeginningAnswersAndOfEqualsTheLast)
{
    FakeProcessRunner runner;
    runner.on({"make", "bzImage"}, 2);
    runner.on({"make"}, 3);
    runner.on({"make"}, 4);
    EXPECT_EQ(runner.run(started_as({"make", "bzImage"}))->status, 2);
    EXPECT_EQ(runner.run(started_as({"make"}))->status, 4);
}

} // namespace
} // namespace krun
