// SPDX-License-Identifier: MIT
// `krunctl build` when the world does not cooperate: network, disk, damage, another krunctl, Ctrl-C.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class TroubleTest : public testing::Test
{
  protected:
    ProcessResult build() { return sandbox.krunctl({"build", "--local-version", ".krun.test"}); }
    void make_index_old() { write_text(sandbox.cache() / "apt/deb-bookworm-security/updated", "1000\n"); }
    [[nodiscard]] std::filesystem::path cached_package() const
    {
        return sandbox.cache() / "apt/packages/linux-source-6.12_6.12.1-1.deb";
    }
    Sandbox sandbox;
};

TEST_F(TroubleTest, WithoutNetworkAFirstBuildSaysSo)
{
    sandbox.cut_network();
    const auto result = build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("cannot update the index of the Debian archive: "));
    EXPECT_THAT(result.errors, HasSubstr("hint: is there a network"));
}

TEST_F(TroubleTest, WithoutNetworkWhatIsCachedServes)
{
    ASSERT_EQ(build().status, 0);
    std::filesystem::remove_all(sandbox.cache() / "source");
    make_index_old();
    std::filesystem::rename(sandbox.root() / "archive", sandbox.root() / "elsewhere");
    const auto result = build();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("going on with linux-source-6.12 6.12.1-1"));
}

TEST_F(TroubleTest, ADamagedDownloadIsReplaced)
{
    ASSERT_EQ(build().status, 0);
    std::filesystem::remove_all(sandbox.cache() / "source");
    const auto intact = read_text(cached_package());
    for (const auto &damaged : {intact.substr(0, intact.size() / 2), std::string(intact.size(), 'x')}) {
        std::filesystem::remove_all(sandbox.cache() / "source");
        write_text(cached_package(), damaged);
        const auto result = build();
        EXPECT_EQ(result.status, 0) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("is damaged; downloading it again"));
        EXPECT_EQ(read_text(cached_package()), intact);
    }
}

TEST_F(TroubleTest, AnOutputThatCannotBeWrittenIsFoundBeforeAnythingIsFetched)
{
    const auto result = sandbox.krunctl({"build", "--output", "/proc/krun"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("/proc/krun"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

TEST_F(TroubleTest, AMissingProgramIsStatusThreeWithTheCommandThatMendsIt)
{
    std::filesystem::create_directories(sandbox.root() / "bin");
    for (const auto *program : {"make", "gcc", "bison", "bc", "patch", "xz", "tar", "apt-get", "dpkg-deb"})
        std::filesystem::create_symlink("/bin/true", sandbox.root() / "bin" / program);
    sandbox.environment["PATH"] = (sandbox.root() / "bin").string();
    const auto result = build();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("`flex` is not installed"));
    EXPECT_THAT(result.errors, HasSubstr("hint: sudo apt-get install flex"));
}

TEST_F(TroubleTest, AFullDiskIsNamedBeforeAndDuringTheWork)
{
    const auto on_small_disk = [this](const std::string &size) {
        return sandbox.run({"unshare", "--mount", "sh", "-c",
                            "mkdir -p \"$XDG_CACHE_HOME\" && mount -t tmpfs -o size=" + size +
                                " none \"$XDG_CACHE_HOME\" && exec \"$0\" build --local-version .x",
                            KRUNCTL});
    };
    if (sandbox.run({"unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"}).status != 0)
        GTEST_SKIP() << "making a small file system needs the right to mount";
    const auto too_small = on_small_disk("64m");
    EXPECT_EQ(too_small.status, 4);
    EXPECT_THAT(too_small.errors, HasSubstr("no space left on"));
    EXPECT_THAT(too_small.errors, HasSubstr("MiB"));
    const auto tiny = on_small_disk("16k");
    EXPECT_EQ(tiny.status, 4);
    EXPECT_THAT(tiny.errors, HasSubstr("o space left on"));
}

// A shell without job control lets what it starts in the background ignore Ctrl-C: that is undone.
// Starts a build whose make stops at the marker, does `then` with the shell's $pid, and waits for the build.
ProcessResult with_waiting_build(Sandbox &sandbox, const std::string &then)
{
    sandbox.environment["KRUN_TEST_MARKER"] = (sandbox.root() / "marker").string();
    auto result = sandbox.run({"sh", "-c",
                               "env --default-signal=INT \"$0\" build --local-version .krun.test & pid=$!; "
                               "while kill -0 $pid && [ ! -s marker ]; do sleep 0.1; done; " +
                                   then + "; wait $pid",
                               KRUNCTL});
    sandbox.environment.erase("KRUN_TEST_MARKER");
    return result;
}

TEST_F(TroubleTest, CtrlCEndsTheWholeGroupAndTheNextBuildGoesOn)
{
    for (const auto *signal : {"INT", "TERM"}) {
        std::filesystem::remove(sandbox.root() / "marker");
        const auto result = with_waiting_build(sandbox, std::string("kill -") + signal + " $pid");
        EXPECT_EQ(result.status, 130) << result.errors;
        const auto pid = std::atoi(read_text(sandbox.root() / "marker").c_str());
        ASSERT_GT(pid, 0) << result.errors;
        EXPECT_NE(kill(pid, 0), 0) << "what make had started is still there";
        EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
    }
    EXPECT_EQ(build().status, 0);
}

TEST_F(TroubleTest, ASecondBuildWaitsForTheFirst)
{
    // The second one is asked to end while it waits; the first one then.
    const auto result = with_waiting_build(
        sandbox,
        "KRUN_TEST_MARKER= timeout -s INT 3 \"$0\" build --local-version .krun.test 2> second; kill -INT $pid");
    EXPECT_EQ(result.status, 130);
    EXPECT_THAT(read_text(sandbox.root() / "second"),
                HasSubstr("waiting for the build 6.12-vm, which is being worked on"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
}

} // namespace
} // namespace krun
