// SPDX-License-Identifier: MIT
// `krunctl port`, when something is wrong: with the request, the kernel, the hooks or the machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "port_fixture.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

TEST_F(PortTest, WhatIsNoUnpatchedKernelIsRefused)
{
    const auto refused = [this](const fs::path &what, int status, const std::string &message) {
        result = sandbox.krunctl({"port", what.string()});
        expect_error(status, message);
    };
    refused(sandbox.root() / "none", 2, "none is not a folder");
    refused(tree / "Makefile", 2, "Makefile is not a folder");
    refused(sandbox.data(), 4, "is not a Linux source tree");
    write_text(sandbox.root() / "patched/Makefile", read_text(tree / "Makefile"));
    write_text(sandbox.root() / "patched/scripts/kconfig/merge_config.sh", "");
    write_text(sandbox.root() / "patched/krun/Kbuild", "");
    refused(sandbox.root() / "patched", 4, "patched is patched already");
    EXPECT_EQ(sandbox.krunctl({"port"}).status, 2);
}

TEST_F(PortTest, AnExistingLineIsNotTouched)
{
    write_text(tree / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\n");
    digest = sha256_of_tree(runner, tree).value();
    const auto before = sha256_of_tree(runner, sandbox.data()).value();
    port();
    expect_error(2, "there is a kernel line 6.12 already");
    EXPECT_THAT(result.errors, HasSubstr("hint: --output DIR"));
    EXPECT_EQ(sha256_of_tree(runner, sandbox.data()).value(), before);
}

TEST_F(PortTest, ThePlaceOfTheOutputIsCheckedFirst)
{
    port({"--output", sandbox.data().string()});
    expect_error(2, "exists already");
    port({"--output", (sandbox.root() / "no/where").string()});
    expect_error(2, "there is no folder");
    port({"--output", (tree / "line").string()});
    expect_error(2, "is inside the kernel source");
    EXPECT_FALSE(fs::exists(sandbox.cache())) << "nothing was fetched for it";
}

TEST_F(PortTest, AnOutputThatCannotBeWrittenLeavesNothing)
{
    port({"--output", "/proc/line"}); // where not even root makes folders
    expect_error(4, "cannot create /proc/line.partial");
}

TEST_F(PortTest, ALineThatCannotBeReadIsAnError)
{
    port({"--from", "1.0"});
    expect_error(2, "there is no kernel line 1.0");
    fs::remove_all(line_6_12);
    port();
    expect_error(4, "there is no kernel line in");
}

TEST_F(PortTest, HooksThatCannotBeReadAreAnError)
{
    write_text(sandbox.hook(), "only words\n");
    port();
    expect_error(4, "the hook " + sandbox.hook().string() + " is malformed: it changes no file");
    fs::remove(sandbox.hook());
    port();
    expect_error(4, "the hook build has no variant");
    write_text(sandbox.hook_list(), "[[hook]]\n");
    port();
    expect_error(4, "hooks.toml:1: a hook lacks the key `name`");
    write_text(sandbox.hook_list(), "");
    port();
    expect_error(4, "hooks.toml names no hook");
    fs::remove(sandbox.hook_list());
    port();
    expect_error(4, "no kernel hooks in");
}

TEST_F(PortTest, AHookThatDoesNotEvenFitItsOwnLineMeansNoMerges)
{
    write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n-mainmenu \"large\"\n+source "
                               "\"krun/Kconfig\"\n config OTHER\n");
    make_tree(conflicting);
    port({"--from", "6.12"}); // which asks for merges
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("note: without three-way merges"));
    expect_fits(line / "hooks/build.patch");
}

TEST_F(PortTest, AMissingProgramIsNamed)
{
    const auto programs = sandbox.root() / "programs";
    fs::create_directories(programs);
    sandbox.environment["PATH"] = programs.string();
    for (const auto *program : {"patch", "diff", "git"}) {
        result = sandbox.krunctl({"port", tree.string()});
        expect_error(3, std::string("the program `") + program + "` is not installed");
        fs::create_symlink("/bin/true", programs / program);
    }
}

TEST_F(PortTest, AFolderForTemporaryFilesThatIsMissingIsNotUsed)
{
    sandbox.environment["TMPDIR"] = (sandbox.root() / "gone").string();
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    expect_fits(line / "hooks/build.patch");
}

TEST_F(PortTest, AFolderForTemporaryFilesThatTakesNoneIsSaid)
{
    sandbox.environment["TMPDIR"] = "/proc"; // where not even root makes folders
    if (geteuid() != 0)
        GTEST_SKIP() << "only for root is it a folder to write to";
    port();
    expect_error(4, "cannot create a folder in /proc");
}

} // namespace
} // namespace krun
