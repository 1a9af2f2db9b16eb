// SPDX-License-Identifier: MIT
#include "report/line_report.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

LineSummary known_line()
{
    return {"6.12", "6.12.117-1", "6.12.117", "6.12.110-1", "2026-07-30", 52, "linux-source-6.12", "built: vm", false};
}

LineSummary new_line() { return {"7.3", "7.3.5-1", "7.3.4", "", "", 9, "linux-source-7.3", "not fetched", true}; }

TEST(LineList, AnUntriedVersionHasAStarAndTheStarALegend)
{
    EXPECT_EQ(line_list_table({known_line(), new_line()}),
              "LINE  NEWEST      TESTED    PROVEN      HOOKS  SOURCE             STATE\n"
              "6.12  6.12.117-1  6.12.117  6.12.110-1     52  linux-source-6.12  built: vm\n"
              "7.3   7.3.5-1 *   7.3.4     -               9  linux-source-7.3   not fetched\n"
              "* neither tested nor proven yet; `./krun test --line LINE` tries it\n");
}

TEST(LineList, WithoutAnUntriedVersionThereIsNoLegend)
{
    EXPECT_EQ(line_list_table({known_line()}).find('*'), std::string::npos);
}

TEST(LineList, WhatIsNotKnownIsUnknownToPeopleAndNullToPrograms)
{
    auto line = new_line();
    line.newest.clear();
    line.untried = false;
    EXPECT_NE(line_list_table({line}).find("7.3   unknown"), std::string::npos);
    const auto json = line_list_json({line});
    for (const auto *field : {"newest", "proven", "proven_date"})
        EXPECT_TRUE(json[0][field].is_null()) << field;
}

TEST(LineList, ALineWithoutAPackageIsBuiltFromANamedSource)
{
    const LineSummary line{"4.9", "", "4.9.88", "", "", 40, "", "in no Debian suite", false};
    EXPECT_EQ(line_list_table({line}), "LINE  NEWEST  TESTED  PROVEN  HOOKS  SOURCE    STATE\n"
                                       "4.9   -       4.9.88  -          40  --source  in no Debian suite\n");
    EXPECT_TRUE(line_list_json({line})[0]["source"].is_null());
}

TEST(LineList, JsonHasPlainFields)
{
    const auto json = line_list_json({known_line(), new_line()});
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0].dump(),
              R"({"line":"6.12","newest":"6.12.117-1","untried":false,"tested":"6.12.117","proven":"6.12.110-1",)"
              R"("proven_date":"2026-07-30","hooks":52,"source":"linux-source-6.12","state":"built: vm"})");
    EXPECT_EQ(json[1]["untried"], true);
}

} // namespace
} // namespace krun
