// SPDX-License-Identifier: MIT
// stdin, stdout and stderr as callers leave them, and the cache where others could have been first.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

class StreamsTest : public testing::Test
{
  protected:
    // `$0` is krunctl.
    ProcessResult shell(const std::string &text) { return sandbox.run({"sh", "-c", text, KRUNCTL}); }
    Sandbox sandbox;
};

TEST_F(StreamsTest, ResultsThatCannotBeWrittenAreNoSuccess)
{
    const auto full = shell("\"$0\" lines --offline >/dev/full");
    EXPECT_EQ(full.status, 4);
    EXPECT_THAT(full.errors, HasSubstr("krunctl: error: cannot write to stdout: No space left on device"));
    const auto closed = shell("\"$0\" lines --offline --json >&-");
    EXPECT_EQ(closed.status, 4);
    EXPECT_THAT(closed.errors, HasSubstr("krunctl: error: cannot write to stdout: Bad file descriptor"));
    EXPECT_EQ(shell("\"$0\" --version >/dev/full").status, 4);
    EXPECT_EQ(shell("\"$0\" build --help >/dev/full").status, 4);
    EXPECT_EQ(shell("\"$0\" lines --offline >/dev/null").status, 0);
}

// The reader is gone before anything is written.
TEST_F(StreamsTest, AReaderThatIsGoneEndsItWithAnErrorAndNoSignal)
{
    const auto result = shell("{ sleep 0.5; \"$0\" lines --offline; echo $? >status; } | true; cat status");
    EXPECT_EQ(result.output, "4\n");
    EXPECT_THAT(result.errors, HasSubstr("cannot write to stdout: Broken pipe"));
}

TEST_F(StreamsTest, AStderrThatIsClosedOrFullChangesNoStatus)
{
    const auto listed = shell("\"$0\" lines --offline 2>&-");
    EXPECT_EQ(listed.status, 0);
    EXPECT_THAT(listed.output, HasSubstr("6.12"));
    EXPECT_EQ(shell("\"$0\" lines --no-such-option 2>&-").status, 2);
    EXPECT_EQ(shell("\"$0\" lines --no-such-option 2>/dev/full").status, 2);
}

// Files and pipes of krunctl's own would get the numbers 0 to 2, and a child's output would end up in one of them.
TEST_F(StreamsTest, WithNothingOpenAtAllAKernelIsBuiltAllTheSame)
{
    const auto result = shell("\"$0\" build --line 6.12 <&- 2>&- | cat");
    EXPECT_EQ(result.output, sandbox.kernel().string() + "\n");
    EXPECT_TRUE(std::filesystem::exists(sandbox.kernel() / "vmlinuz"));
    EXPECT_EQ(shell("exec \"$0\" build --line 6.12 --dry-run <&- >&- 2>&-").status, 4); // the commands are its result
}

// As under nohup, and as in the background of a script, whose shell lets Ctrl-C be ignored there.
TEST_F(StreamsTest, ASignalThatTheCallerIgnoresEndsNoBuild)
{
    sandbox.environment["KRUN_TEST_MARKER"] = (sandbox.root() / "marker").string();
    const auto result = shell("trap '' HUP; \"$0\" build --line 6.12 & pid=$!; "
                              "while kill -0 $pid && [ ! -s marker ]; do sleep 0.1; done; "
                              "kill -HUP $pid; kill -INT $pid; sleep 1; "
                              "kill -0 $pid && kill -0 $(cat marker) && echo alive; kill -TERM $pid; wait $pid");
    EXPECT_EQ(result.output, "alive\n") << result.errors;
    EXPECT_EQ(result.status, 130);
}

class CacheTest : public StreamsTest
{
  protected:
    std::filesystem::path cache() { return sandbox.cache(); }
};

TEST_F(CacheTest, IsForItsOwnerAloneAndOneThatOthersCanWriteToIsRefused)
{
    EXPECT_EQ(shell("umask 0; \"$0\" build --line 6.12").status, 0);
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(cache()).permissions(), perms::owner_all);
    std::filesystem::permissions(cache(), perms::owner_all | perms::others_all);
    const auto refused = shell("\"$0\" lines --offline");
    EXPECT_EQ(refused.status, 3);
    EXPECT_THAT(refused.errors, HasSubstr("others can write to the cache " + cache().string()));
    EXPECT_THAT(refused.errors, HasSubstr("hint: chmod go-w " + cache().string()));
}

// As whoever runs the tests, so that it is that user's real home; a dry run writes nothing there.
TEST_F(CacheTest, WithoutHomeIsInTheUsersHomeAndNeverBelowTmp)
{
    const auto result = shell("unset HOME XDG_CACHE_HOME; export KRUN_TESTBED_QEMU=/none; \"$0\" boot --kernel /none "
                              "--dry-run --append x --accel tcg 2>&1");
    const auto home = sandbox.run({"sh", "-c", "getent passwd $(id -u) | cut -d: -f6"}).output;
    if (home.size() < 2)
        GTEST_SKIP() << "this user has no home folder";
    EXPECT_THAT(result.output, HasSubstr(home.substr(0, home.size() - 1) + "/.cache/krun/run/"));
    EXPECT_THAT(result.output, Not(HasSubstr("/tmp/krun-cache")));
}

} // namespace
} // namespace krun
