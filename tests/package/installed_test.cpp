// SPDX-License-Identifier: MIT
// krunctl out of its package, unpacked somewhere: what it finds there, and that it looks nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "packages.hpp"
#include "self/krunctl.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsSupersetOf;

std::vector<std::string> line_names(const fs::path &data)
{
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(data / "kernel/lines"))
        names.push_back(entry.path().filename().string());
    return names;
}

std::vector<std::string> listed_lines(const std::map<std::string, std::string> &environment)
{
    const auto result = packages().krunctl({"lines", "--json", "--offline"}, environment);
    EXPECT_EQ(result.status, 0) << result.errors;
    std::vector<std::string> names;
    const auto json = nlohmann::json::parse(result.output);
    for (const auto &line : json.at("lines"))
        names.push_back(line.at("line"));
    return names;
}

// Enough of a kernel source for what happens before anything is run on it.
void write_source(const fs::path &folder)
{
    const auto script = folder / "scripts/kconfig/merge_config.sh";
    fs::create_directories(script.parent_path());
    std::ofstream(script) << "#!/bin/sh\n";
    std::ofstream(folder / "Makefile") << "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 5\nEXTRAVERSION =\n";
    std::ofstream(folder / "Kconfig") << "mainmenu \"tiny\"\n";
}

// Every hook of the clone, as a program is told of those of a tree.
std::vector<std::string> hook_names(const std::map<std::string, std::string> &environment, const fs::path &tree)
{
    const auto result = packages().krunctl({"lines", tree.string(), "--json"}, environment);
    EXPECT_EQ(result.status, 1) << result.errors; // it has no place for any
    std::vector<std::string> names;
    const auto json = nlohmann::json::parse(result.output);
    for (const auto &hook : json.at("tree").at("hooks"))
        names.push_back(hook.at("hook"));
    return names;
}

TEST(Installed, FindsItsLinesBesideItself)
{
    const auto names = line_names(KRUN_SOURCE_DIR);
    EXPECT_THAT(names, IsSupersetOf({"6.12"}));
    EXPECT_THAT(listed_lines({}), testing::UnorderedElementsAreArray(names));
}

TEST(Installed, ItsDataAreThoseOfTheClone)
{
    for (const char *folder : {"kernel", "testbed/qemu"}) {
        const auto differences = run_program({"diff", "-r", "--exclude=test_prog", fs::path(KRUN_SOURCE_DIR) / folder,
                                              packages().root / "usr/share/krunctl" / folder});
        EXPECT_TRUE(differences.ok()) << differences.output;
    }
}

TEST(Installed, KrunDataGoesFirst)
{
    const OwnFolder data;
    fs::create_directories(data.path() / "kernel/lines");
    for (const char *part : {"kernel/hooks", "kernel/lines/6.12"})
        fs::copy(packages().root / "usr/share/krunctl" / part, data.path() / part, fs::copy_options::recursive);
    EXPECT_THAT(listed_lines({{"KRUN_DATA", data.path().string()}}), testing::ElementsAre("6.12"));
}

TEST(Installed, PlansABuildFromItsOwnData)
{
    const OwnFolder folder;
    const auto tarball = folder.path() / "linux-6.12.5.tar"; // which nobody opens for a plan
    std::ofstream(tarball) << "nothing";
    const auto result = packages().krunctl({"build", "--source", tarball.string(), "--unverified", "--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    const auto kernel = packages().root / "usr/share/krunctl/kernel";
    EXPECT_THAT(result.output, HasSubstr((kernel / "krun").string()));
    EXPECT_THAT(result.output, HasSubstr((kernel / "hooks/build").string()));
    EXPECT_THAT(result.output, testing::Not(HasSubstr(KRUN_SOURCE_DIR)));
}

TEST(Installed, HasTheHooksOfTheClone)
{
    const OwnFolder folder;
    write_source(folder.path() / "linux");
    const auto names = hook_names({}, folder.path() / "linux");
    EXPECT_THAT(names,
                testing::ElementsAreArray(hook_names({{"KRUN_DATA", KRUN_SOURCE_DIR}}, folder.path() / "linux")));
    EXPECT_THAT(names, IsSupersetOf({"build", "vector"}));
}

TEST(Installed, HasNoTestCommand) { EXPECT_EQ(packages().krunctl({"test"}).status, 2); }

TEST(Installed, CheckNeedsNothingElse)
{
    const auto result = packages().krunctl({"check", "--json"}, {{"PATH", "/usr/bin:/bin"}});
    EXPECT_TRUE(result.status == 0 || result.status == 1) << result.status << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output).at("passed"), result.status == 0);
}

// Dynamic, as Debian wants it, it must take its libraries along; the guest's init must not need any.
TEST(Installed, RunsInAGuestThatItBoots)
{
    const auto kernel = cache_directory() / "kernels/6.12-vm/vmlinuz";
    if (!fs::exists(kernel))
        GTEST_SKIP() << "there is no kernel " << kernel.string() << "; ./krun build makes it";
    if (fs::is_empty(cache_directory() / "qemu"))
        GTEST_SKIP() << "the testbed's QEMU has not been built";
    const OwnFolder empty;
    const auto result = run_program({packages().root / "usr/bin/krunctl", "boot", "--kernel", kernel.string(),
                                     "--accel", "tcg", "--timeout", "300", "--", "krunctl", "check", "--json"},
                                    empty.path(), {{"XDG_CACHE_HOME", cache_directory().parent_path().string()}});
    ASSERT_TRUE(result.status == 0 || result.status == 1) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_THAT(json.at("kernel").get<std::string>(), HasSubstr("krun"));
    // The kernel is what the cache has, perhaps of an older clone: only what every Krun kernel does is asked for.
    std::vector<std::string> passed;
    for (const auto &check : json.at("checks")) {
        if (check.at("status") == "pass")
            passed.push_back(check.at("id"));
    }
    EXPECT_THAT(passed, testing::IsSupersetOf({"kernel-identity", "system-calls", "counters", "tickless"}))
        << result.output;
    EXPECT_TRUE(fs::is_empty(empty.path()));
}

TEST(CmakeInstall, MakesTheSameLayoutAsThePackages)
{
    const OwnFolder folder;
    const auto build = folder.path() / "build";
    const auto prefix = folder.path() / "usr";
    // As debhelper configures it. Not compiled: stand-ins for what the rules install.
    const auto configured = run_program({"cmake", "-S", KRUN_SOURCE_DIR, "-B", build.string(), "-G", "Ninja",
                                         "-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_BUILD_TYPE=None"});
    ASSERT_TRUE(configured.ok()) << configured.errors;
    ASSERT_TRUE(run_program({"cmake", "--build", build.string(), "--target", "krun_man"}).ok());
    for (const char *program :
         {"tool/krunctl", "testbed/guest/krun-init", "benchmarks/read_cost", "benchmarks/sample_cost",
          "lib/kruntime/libkruntime.so", "lib/counters/libkruncounters.a", "lib/counters/libkruncounters.so.1.0.0",
          "lib/counters/libkruncounters.so.1", "lib/counters/libkruncounters.so", "packaging/krunctl.bash",
          "packaging/krunctl.zsh"})
        std::ofstream(build / program) << "\n";
    const auto installed = run_program({"cmake", "--install", build.string(), "--prefix", prefix.string()});
    ASSERT_TRUE(installed.ok()) << installed.errors;
    // What debhelper adds or compresses is not CMake's.
    const std::string list = "cd \"$1\" && find . ! -type d ! -path './share/doc/*/copyright' "
                             "! -path './share/doc/*/changelog*' ! -name README.Debian ! -path './share/lintian/*' | "
                             "sed 's/\\.gz$//' | sort";
    const auto ours = run_program({"sh", "-c", list, "sh", prefix.string()}).output;
    const auto theirs = run_program({"sh", "-c", list, "sh", packages().root / "usr"}).output;
    EXPECT_EQ(ours, theirs);
}

} // namespace
} // namespace krun
