// SPDX-License-Identifier: MIT
// The script `krun`: on machines that lack something, with a PATH of its own; and what it shows while it compiles, with
// a CMake that only says so.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "sandbox.hpp"
#include "simulation/dpkg.hpp"
#include "simulation/rooted_disk.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class WrapperTest : public testing::Test
{
  protected:
    WrapperTest()
    {
        std::filesystem::create_directories(programs);
        for (const char *name : {"bash", "dirname", "readlink", "grep", "env"})
            std::filesystem::create_symlink(std::filesystem::path("/usr/bin") / name, programs / name);
    }
    // A Debian that has every package but these.
    void be_debian(const std::set<std::string> &missing)
    {
        for (const auto *list : {"build", "test"}) {
            for (const auto &line :
                 lines_of(read_text(fmt::format("{}/packaging/{}-packages.txt", KRUN_SOURCE_DIR, list)))) {
                if (!line.empty() && !line.starts_with("#") && missing.count(line) == 0)
                    simulation::set_package(disk, line, {"installed", "1"});
            }
        }
        sandbox.environment["KRUN_ROOT"] = root.string();
        std::filesystem::create_symlink(KRUN_SIMULATED_DEBIAN, programs / "dpkg-query");
    }
    ProcessResult wrapper(const std::string &command = "lines")
    {
        return sandbox.run({"/usr/bin/env", "PATH=" + programs.string(), "KRUN_NO_INSTALL=1", "/usr/bin/bash",
                            KRUN_SOURCE_DIR "/krun", command});
    }
    Sandbox sandbox;
    std::filesystem::path programs = sandbox.root() / "programs";
    std::filesystem::path root = sandbox.root() / "target";
    simulation::RootedDisk disk{root};
};

TEST_F(WrapperTest, NamesTheCommandInsteadOfInstallingWhenToldSo)
{
    be_debian({"flex"});
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("krun: error: packages are missing: flex\n"));
    EXPECT_THAT(result.errors, HasSubstr("apt-get install --no-install-recommends -y flex\n"));
}

TEST_F(WrapperTest, InstallsWhatOnlyTestsNeedForTestsOnly)
{
    be_debian({"flex", "chromium"});
    EXPECT_THAT(wrapper().errors, HasSubstr("packages are missing: flex\n"));
    EXPECT_THAT(wrapper("test").errors, HasSubstr("packages are missing: flex chromium\n"));
}

TEST_F(WrapperTest, APackageThatWasRemovedIsMissingToo)
{
    be_debian({});
    simulation::set_package(disk, "flex", {"config-files", "1"});
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("packages are missing: flex\n"));
}

TEST_F(WrapperTest, ASystemWithoutDpkgIsToldApart)
{
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("not a Debian system"));
    EXPECT_THAT(result.errors, HasSubstr("hint: install what packaging/build-packages.txt names"));
}

// A copy of the script with nothing beside it: what it "builds" are scripts too.
class CompilingWrapperTest : public testing::Test
{
  protected:
    CompilingWrapperTest()
    {
        std::filesystem::create_directories(clone / "packaging");
        std::filesystem::create_directories(programs);
        std::filesystem::copy_file(KRUN_SOURCE_DIR "/krun", clone / "krun");
        write_text(clone / "packaging/build-packages.txt", "# none\n");
        write_text(clone / "packaging/test-packages.txt", "# none\n");
        // `cmake --preset ...` and then `cmake --build ...`.
        cmake("echo \"$PWD: $NINJA_STATUS\"; echo '[0/4] first'; sleep 1.5; echo '[3/4] last'; sleep 1.5");
    }
    void cmake(const std::string &build)
    {
        write_text(programs / "cmake", "#!/bin/sh\ncase $1 in --build) " + build +
                                           R"(
mkdir -p build/release/tool build/release/tests/runner
for program in tool/krunctl tests/runner/krun_tests; do
    printf '#!/bin/sh\necho "$0 $* $KRUN_COSTS$KRUN_TEST_STARTED"; echo " wrapper=$KRUN_WRAPPER"\n' >build/release/$program
    chmod +x build/release/$program
done
esac
)");
        std::filesystem::permissions(programs / "cmake", std::filesystem::perms::owner_all);
    }
    ProcessResult wrapper(const std::string &arguments, bool terminal = false)
    {
        const auto command = "PATH=" + programs.string() + ":$PATH " + (clone / "krun").string() + " " + arguments;
        if (terminal)
            return sandbox.run({"script", "-qec", command, "/dev/null"});
        return sandbox.run({"sh", "-c", command});
    }
    Sandbox sandbox;
    std::filesystem::path clone = sandbox.root() / "clone";
    std::filesystem::path programs = sandbox.root() / "programs";
};

TEST_F(CompilingWrapperTest, TellsHowFarItIsFromTheFirstSecond)
{
    const auto result = wrapper("lines --json");
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("krun: compiling krunctl: step 0 of 4, 0 s\n"));
    EXPECT_THAT(result.errors, testing::ContainsRegex("krun: compiling krunctl: [34] s\n"));
    EXPECT_THAT(result.output, HasSubstr("release/tool/krunctl lines --json "));
    EXPECT_THAT(read_text(clone / "build/release/krun.log"), HasSubstr("[3/4] last\n"));
}

TEST_F(CompilingWrapperTest, ShowsABarOnATerminal)
{
    const auto result = wrapper("lines", true);
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.output, HasSubstr("\r\033[Kkrun: compiling krunctl [" + std::string(24, ' ') + "] 0/4 0 s"));
    EXPECT_THAT(result.output, HasSubstr("krun: compiling krunctl [" + std::string(18, '=') + "      ] 3/4 "));
}

TEST_F(CompilingWrapperTest, SaysNothingWhenThereIsNothingToCompile)
{
    cmake("echo 'ninja: no work to do.'");
    EXPECT_EQ(wrapper("lines").errors, "");
}

TEST_F(CompilingWrapperTest, ABuildThatFailsShowsTheEndOfItsLog)
{
    cmake("echo '[1/4] first'; echo 'a.cpp:1: error: no such thing'; exit 1");
    const auto result = wrapper("lines");
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("a.cpp:1: error: no such thing\nkrun: error: compiling krunctl failed\nlog: " +
                                         (clone / "build/release/krun.log").string() + "\n"));
    EXPECT_EQ(result.output, "");
}

TEST_F(CompilingWrapperTest, AFolderThatCannotBeMadeIsAFailureAndNoAnswer)
{
    write_text(clone / "build", "");
    const auto result = wrapper("lines");
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("mkdir: "));
}

TEST_F(CompilingWrapperTest, TellsKrunctlThatTestIsACommandHere)
{
    EXPECT_THAT(wrapper("tset").output, HasSubstr("krunctl tset "));
    EXPECT_THAT(wrapper("tset").output, HasSubstr(" wrapper=1\n"));
    EXPECT_THAT(wrapper("test").output, HasSubstr(" wrapper=\n"));
}

TEST_F(CompilingWrapperTest, PassesOnWhatEachPartHasCost)
{
    cmake("sh -c 'at=0; while [ $at -lt 200000 ]; do at=$((at + 1)); done'");
    EXPECT_THAT(wrapper("demo").output,
                testing::ContainsRegex("krunctl demo installing packages,[0-9]+\\.[0-9][0-9],[0-9]+\\.[0-9][0-9];"
                                       "compiling krunctl,[0-9]+\\.([1-9][0-9]|[0-9][1-9]),[0-9]+\\.[0-9][0-9];\n"));
}

TEST_F(CompilingWrapperTest, TestsAreTheRunnersBusinessAndTheirTimeCountsFromHere)
{
    EXPECT_THAT(wrapper("test --list").output, testing::ContainsRegex("runner/krun_tests --list .*;[0-9]{10}\n"));
}

} // namespace
} // namespace krun
