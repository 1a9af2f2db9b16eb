// SPDX-License-Identifier: MIT
#include "report/line_report.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

LineStatus good_line()
{
    LineStatus status;
    status.line = "6.12";
    status.version = "6.12.117-1";
    for (const LineStage &stage : line_stages)
        status.*stage.outcome = Outcome::ok;
    status.rate = "0.7";
    return status;
}

LineStatus broken_line()
{
    LineStatus status;
    status.line = "5.10";
    status.apply = Outcome::ok;
    status.configure = Outcome::failed;
    return status;
}

TEST(LineStatus, TheTableHasARowForEachLineAndACellForEachStage)
{
    EXPECT_EQ(line_status_table({broken_line(), good_line()}),
              "LINE  VERSION     apply  configure  build  boot  selftests  tickless\n"
              "5.10  -           ok     FAIL       -      -     -          -\n"
              "6.12  6.12.117-1  ok     ok         ok     ok    ok         ok (0.7/s)\n");
}

TEST(LineStatus, AMeasuredRateIsShownWhenItIsTooHigh)
{
    auto status = good_line();
    status.tickless = Outcome::failed;
    status.rate = "1000.3";
    EXPECT_NE(line_status_table({status}).find("FAIL (1000.3/s)"), std::string::npos);
}

TEST(LineStatus, JsonHasTheSame)
{
    const auto json = line_status_json({broken_line(), good_line()});
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["line"], "5.10");
    EXPECT_EQ(json[0]["version"], "");
    EXPECT_EQ(json[0]["apply"], "ok");
    EXPECT_EQ(json[0]["configure"], "FAIL");
    EXPECT_EQ(json[0]["build"], "-");
    EXPECT_EQ(json[1]["version"], "6.12.117-1");
    EXPECT_EQ(json[1]["tickless"], "ok");
    EXPECT_EQ(json[1]["tickless_rate"], "0.7");
}

TEST(LineStatus, AllIsOkOnlyWhenEveryStageIs)
{
    EXPECT_TRUE(all_ok(good_line()));
    for (const LineStage &stage : line_stages)
        for (const Outcome outcome : {Outcome::failed, Outcome::not_reached}) {
            auto status = good_line();
            status.*stage.outcome = outcome;
            EXPECT_FALSE(all_ok(status)) << stage.name;
        }
}

} // namespace
} // namespace krun
