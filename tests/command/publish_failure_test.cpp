// SPDX-License-Identifier: MIT
// `krunctl publish` on a full disk, and killed at every step: machines that use the repository meanwhile never see
// anything but a whole one, and the next publish loses nothing.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "publishing.hpp"

namespace krun
{
namespace
{

using testing::AnyOf;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;

class PublishFailureTest : public PublishTest
{
  protected:
    // What apt looks at: the signature, the index that is signed, and the packages in it.
    void expect_whole()
    {
        if (!std::filesystem::exists(keyring)) {
            must({"gpg", "--homedir", home().string(), "--batch", "--output", keyring.string(), "--export", user});
        }
        const auto looked =
            sandbox.run({"sh", "-c",
                         "cd \"$0\" && gpgv --quiet --keyring \"$1\" dists/krun/InRelease 2>/dev/null && "
                         "sed -n 's/^ \\([0-9a-f]\\{64\\}\\) *[0-9]* /\\1  dists\\/krun\\//p' dists/krun/InRelease | "
                         "sha256sum --quiet -c && "
                         "awk '/^Filename:/ { f = $2 } /^SHA256:/ { print $2 \"  \" f }' "
                         "dists/krun/main/binary-amd64/Packages | sha256sum --quiet -c",
                         repository().string(), keyring.string()});
        EXPECT_EQ(looked.status, 0) << looked.output << looked.errors;
    }
    // Names and versions. The line's package is made anew each time, and is never the same.
    std::string packages()
    {
        return sandbox
            .run({"sed", "-n", "/^Package:/p;/^Version:/p",
                  (repository() / "dists/krun/main/binary-amd64/Packages").string()})
            .output;
    }
    void restore(const std::filesystem::path &copy)
    {
        must({"rm", "-rf", repository().string()});
        must({"cp", "-a", copy.string(), repository().string()});
    }
    std::filesystem::path keyring = sandbox.root() / "fleet.gpg";
};

TEST_F(PublishFailureTest, KilledAtAnyStepItLeavesAWholeRepositoryAndTheNextOneLosesNothing)
{
    if (sandbox.run({"strace", "-o", "/dev/null", "true"}).status != 0)
        GTEST_SKIP() << "programs cannot be traced here";
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto base = sandbox.root() / "base";
    must({"cp", "-a", repository().string(), base.string()});
    const auto kernel = make_deb("linux-image-6.12.2.krun.bb", "6.12.2-1");
    const auto other = make_deb("tool", "1");
    const auto before = packages();
    ASSERT_EQ(publish({kernel, "--key", user}).status, 0);
    const auto after = packages();
    ASSERT_NE(before, after);

    unsigned killed = 0;
    unsigned completed = 0;
    // strace counts each system call by itself. What only writes into a file is left out: the file is nobody's yet.
    for (const std::string call : {"clone", "clone3", "vfork", "fork", "rename", "renameat2", "link", "linkat", "mkdir",
                                   "mkdirat", "unlink", "unlinkat", "rmdir", "fsync"}) {
        for (unsigned step = 1;; ++step) {
            SCOPED_TRACE("killed at " + call + " number " + std::to_string(step));
            restore(base);
            const auto cut_off = sandbox.run({"strace", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                                              "inject=" + call + ":signal=KILL:when=" + std::to_string(step), KRUNCTL,
                                              "publish", repository().string(), kernel, "--key", user});
            if (cut_off.status == 0)
                break;
            ASSERT_EQ(cut_off.status, 128 + SIGKILL) << cut_off.errors;
            ++killed;
            expect_whole();
            const auto seen = packages();
            EXPECT_THAT(seen, AnyOf(Eq(before), Eq(after)));
            const auto next = publish({other, "--key", user});
            EXPECT_EQ(next.status, 0) << next.errors;
            completed += next.errors.find("completing the publish") != std::string::npos ? 1 : 0;
            expect_whole();
            EXPECT_THAT(index(), HasSubstr("Package: tool\n"));
            EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.1.krun.aa\n"));
            if (seen == after) {
                EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
            }
            EXPECT_FALSE(std::filesystem::exists(repository() / ".krun-publish"));
            const auto again = publish({kernel, "--key", user});
            EXPECT_EQ(again.status, 0) << again.errors;
            EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
            ASSERT_FALSE(HasFailure());
        }
    }
    EXPECT_GT(killed, 30U);
    EXPECT_GT(completed, 3U);
    RecordProperty("steps", static_cast<int>(killed));
}

// What cannot be completed stays, and nothing is taken for done.
TEST_F(PublishFailureTest, ARepositoryThatWasCopiedInTheMiddleIsNotCompletedBlindly)
{
    if (sandbox.run({"strace", "-o", "/dev/null", "true"}).status != 0)
        GTEST_SKIP() << "programs cannot be traced here";
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto kernel = make_deb("linux-image-6.12.2.krun.bb", "6.12.2-1");
    EXPECT_EQ(
        sandbox
            .run({"strace", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=KILL:when=1",
                  KRUNCTL, "publish", repository().string(), kernel, "--key", user})
            .status,
        128 + SIGKILL);
    must({"cp", "-r", repository().string(), (sandbox.root() / "copy").string()});
    must({"rm", "-r", repository().string()});
    restore(sandbox.root() / "copy");
    const auto refused = publish({kernel, "--key", user});
    EXPECT_EQ(refused.status, 4) << refused.errors;
    // Which part is found first is not said: a copy may get the inode that the part had.
    EXPECT_THAT(refused.errors, HasSubstr(" cannot be completed: "));
    EXPECT_THAT(refused.errors, HasSubstr(" is not what it was"));
    EXPECT_TRUE(std::filesystem::exists(repository() / ".krun-publish/db"));
    must({"rm", "-r", (repository() / ".krun-publish").string()});
    EXPECT_EQ(publish({kernel, "--key", user}).status, 0);
    EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
}

TEST_F(PublishFailureTest, WhatIsToBeCompletedOutlivesAPublishThatMustNotBegin)
{
    if (sandbox.run({"strace", "-o", "/dev/null", "true"}).status != 0)
        GTEST_SKIP() << "programs cannot be traced here";
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto kernel = make_deb("linux-image-6.12.2.krun.bb", "6.12.2-1");
    const auto other = make_deb("tool", "1");
    sandbox.run({"strace", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=KILL:when=2",
                 KRUNCTL, "publish", repository().string(), kernel, "--key", user});
    write_text(repository() / "db/lockfile", "");
    const auto refused = publish({other, "--key", user});
    EXPECT_EQ(refused.status, 4);
    EXPECT_THAT(refused.errors, HasSubstr("a reprepro not started by krunctl is working on"));
    std::filesystem::remove(repository() / "db/lockfile");
    const auto next = publish({other, "--key", user});
    EXPECT_EQ(next.status, 0) << next.errors;
    EXPECT_THAT(next.errors, HasSubstr("completing the publish that was interrupted"));
    expect_whole();
    EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
}

// reprepro would go on in a folder that is the next publish's.
TEST_F(PublishFailureTest, NothingThatWorksForAKilledPublishOutlivesIt)
{
    const auto bin = sandbox.root() / "bin";
    write_text(bin / "reprepro", "#!/bin/sh\necho $$ >\"" + (sandbox.root() / "running").string() + "\"\nsleep 60\n");
    std::filesystem::permissions(bin / "reprepro", std::filesystem::perms(0755));
    const auto done =
        sandbox.run({"sh", "-c",
                     "PATH=\"$3:$PATH\" \"$0\" publish repository \"$1\" --key \"$2\" & pid=$!; "
                     "while [ ! -s running ]; do sleep 0.1; done; kill -9 $pid; wait $pid; sleep 1; "
                     "! grep -q '^State:[[:space:]]*[^Z[:space:]]' /proc/$(cat running)/status 2>/dev/null",
                     KRUNCTL, make_deb("tool", "1"), user, bin.string()});
    EXPECT_EQ(done.status, 0) << done.errors;
    EXPECT_TRUE(std::filesystem::exists(sandbox.root() / "running"));
}

TEST_F(PublishFailureTest, OnAFullDiskEverythingStaysAsItWas)
{
    std::filesystem::create_directory(repository());
    if (geteuid() != 0 ||
        sandbox.run({"mount", "-t", "tmpfs", "-o", "size=16m", "none", repository().string()}).status != 0)
        GTEST_SKIP() << "a small file system cannot be mounted here";
    const struct Unmount {
        Sandbox &sandbox;
        std::filesystem::path folder;
        ~Unmount() { static_cast<void>(sandbox.run({"umount", "--lazy", folder.string()})); }
    } unmount{sandbox, repository()};
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    // So that a package does not fit into what a database leaves.
    const auto payload = sandbox.root() / "package/linux-image-6.12.2.krun.bb/boot/vmlinuz";
    std::filesystem::create_directories(payload.parent_path());
    must({"sh", "-c", "head -c 300000 /dev/urandom >\"$0\"", payload.string()});
    const auto kernel = make_deb("linux-image-6.12.2.krun.bb", "6.12.2-1");

    constexpr unsigned step_kib = 32;
    unsigned full = 0;
    for (unsigned left = 0;; left += step_kib) {
        SCOPED_TRACE(std::to_string(left) + " KiB are left");
        ASSERT_LT(left, 8192U);
        must({"sh", "-c",
              "cd \"$0\" && free=$(df --output=avail -k . | tail -n 1) && head -c $(((free - $1) * 1024)) /dev/zero "
              ">.krun-publish-filler",
              repository().string(), std::to_string(left)});
        const auto before = state();
        const auto result = publish({kernel, "--key", user});
        if (result.status == 0) {
            expect_whole();
            EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
            break;
        }
        ++full;
        EXPECT_EQ(result.status, 4) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("o space left")) << result.errors;
        EXPECT_EQ(state(), before);
        expect_whole();
        ASSERT_FALSE(HasFailure());
        std::filesystem::remove(repository() / ".krun-publish-filler");
    }
    EXPECT_GT(full, 5U);
}

TEST_F(PublishFailureTest, TheLockOfARepreproThatWasKilledIsNamedWithWhatToDo)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto lock = repository() / "db/lockfile";
    write_text(lock, "");
    const auto before = state();
    const auto refused = publish_kernel("6.12.2.krun.bb", "6.12.2-1");
    EXPECT_EQ(refused.status, 4);
    EXPECT_THAT(refused.errors, HasSubstr("a reprepro not started by krunctl is working on " + repository().string()));
    EXPECT_THAT(refused.errors, HasSubstr("hint: if none is running, remove " + lock.string()));
    EXPECT_THAT(refused.errors, Not(HasSubstr("dpkg")));
    EXPECT_EQ(state(), before);
    std::filesystem::remove(lock);
    EXPECT_EQ(publish_kernel("6.12.2.krun.bb", "6.12.2-1").status, 0);
}

} // namespace
} // namespace krun
