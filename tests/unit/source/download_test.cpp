// SPDX-License-Identifier: MIT
// What is made of curl's answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "source/download.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class DownloadTest : public testing::Test
{
  protected:
    // curl writes to the partial file, if only a part of it, and ends with each status in turn.
    void answer(std::vector<int> statuses, const std::string &errors = {})
    {
        runner.on({"curl"}, [this, statuses, errors](const Command &) {
            files.add("/d/x.tar.partial", "text");
            ProcessResult result;
            result.status = statuses.at(runner.count({"curl"}) - 1);
            result.errors = errors;
            return result;
        });
    }
    Result<void> fetch() { return download(Env{runner, files}, "http://h/x.tar", "x", "/d/x.tar"); }
    FakeFilesystem files;
    FakeProcessRunner runner;
};

TEST_F(DownloadTest, WhatIsAskedForOverHttpsIsNotRedirectedToHttp)
{
    using testing::Contains;
    EXPECT_THAT(download_command("https://example.org/linux.tar.xz", "/f").argv, Contains("=https"));
    EXPECT_THAT(download_command("http://example.org/linux.tar.xz", "/f").argv, Contains("=http,https"));
}

TEST_F(DownloadTest, OnlyAWholeFileGetsTheName)
{
    answer({0});
    ASSERT_TRUE(fetch());
    EXPECT_EQ(files.contents["/d/x.tar"], "text");
    EXPECT_FALSE(files.exists("/d/x.tar.partial"));
    ASSERT_TRUE(fetch());
    EXPECT_EQ(runner.count({"curl"}), 1U) << "it was there";
}

TEST_F(DownloadTest, WhatTheServerDoesNotHaveLeavesNothing)
{
    answer({22}, "curl: (22) The requested URL returned error: 404\n");
    EXPECT_EQ(fetch().error().message, "cannot download x: The requested URL returned error: 404");
    EXPECT_FALSE(files.exists("/d/x.tar.partial"));
    EXPECT_FALSE(files.exists("/d/x.tar"));
}

TEST_F(DownloadTest, ABrokenTransferIsKeptForTheNextRun)
{
    answer({18}, "curl: (18) transfer closed\n");
    EXPECT_THAT(fetch().error().hint, HasSubstr("network"));
    EXPECT_TRUE(files.exists("/d/x.tar.partial"));
    EXPECT_FALSE(files.exists("/d/x.tar"));
}

TEST_F(DownloadTest, AServerThatCannotResumeIsAskedForAllOfItOnce)
{
    files.add("/d/x.tar.partial", "old");
    answer({33, 0});
    ASSERT_TRUE(fetch());
    EXPECT_EQ(runner.count({"curl"}), 2U);
}

TEST_F(DownloadTest, ARefusalIsNotAskedForever)
{
    files.add("/d/x.tar.partial", "old");
    answer({22, 22}, "curl: (22) The requested URL returned error: 416\n");
    EXPECT_FALSE(fetch());
    EXPECT_EQ(runner.count({"curl"}), 2U);
}

TEST_F(DownloadTest, CtrlCIsPassedOnAndAFullDiskIsNamed)
{
    runner.on({"curl"}, [](const Command &) -> Result<ProcessResult> { return interrupted(); });
    EXPECT_EQ(fetch().error().code, ExitCode::interrupted);
    answer({0, 23}, "curl: (23) Failure writing output to destination\n");
    EXPECT_THAT(fetch().error().message, HasSubstr("no space left"));
}

} // namespace
} // namespace krun
