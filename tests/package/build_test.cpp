// SPDX-License-Identifier: MIT
// packaging/build-debs, and what Debian's own tools say of its packages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <sys/stat.h>

#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

std::vector<std::string> names_in(const fs::path &folder)
{
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    return names;
}

std::vector<std::string> files_of(const fs::path &deb)
{
    std::vector<std::string> files;
    for (const auto &line : lines_of(run_program({"dpkg-deb", "-c", deb.string()}).output)) {
        const auto words = words_of(line);
        if (words.size() >= 6 && !words[5].ends_with('/'))
            files.push_back(words[5].substr(1));
    }
    return files;
}

std::string field(const fs::path &deb, const std::string &name)
{
    return trim(run_program({"dpkg-deb", "-f", deb.string(), name}).output);
}

TEST(BuildDebs, PutsOutThePackagesTheirListsAndItsLogAndNothingElse)
{
    const auto version = field(packages().deb("krunctl"), "Version");
    std::vector<std::string> expected = {"krun_" + version + "_amd64.changes", "krun_" + version + "_amd64.buildinfo",
                                         "build-debs.log"};
    for (const std::string name : package_names)
        expected.push_back(name + "_" + version + (name == "krun-dkms" ? "_all.deb" : "_amd64.deb"));
    EXPECT_THAT(names_in(packages().folder), UnorderedElementsAreArray(expected));
    EXPECT_EQ(packages().krunctl({"--version"}).output, "krunctl " + version + "\n");
}

TEST(BuildDebs, LeavesNoTraceInTheClone) { EXPECT_FALSE(fs::exists(KRUN_SOURCE_DIR "/debian")); }

TEST(BuildDebs, WantsExactlyOneFolder)
{
    for (const auto &arguments : {std::vector<std::string>{}, {"a", "b"}, {"--help"}, {""}}) {
        const auto result = build_debs(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_THAT(result.errors, HasSubstr("hint: packaging/build-debs OUTPUT"));
    }
    const auto result = build_debs({"/dev/null/x"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.errors, HasSubstr("/dev/null/x cannot be created"));
}

// With a dpkg-buildpackage that fails.
TEST(BuildDebs, AFailureShowsTheEndOfTheLogAndLeavesOnlyThat)
{
    const OwnFolder folder;
    const auto fake = folder.path() / "bin/dpkg-buildpackage";
    fs::create_directories(fake.parent_path());
    std::ofstream(fake) << "#!/bin/sh\necho half >../half.deb\necho the reason\nexit 9\n";
    chmod(fake.c_str(), 0755);
    const auto out = folder.path() / "out";
    const auto result =
        build_debs({out.string()}, {{"PATH", fake.parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin"},
                                    {"TMPDIR", folder.path().string()}});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("the reason"));
    EXPECT_THAT(result.errors, HasSubstr("log: " + (out / "build-debs.log").string()));
    EXPECT_THAT(names_in(out), UnorderedElementsAre("build-debs.log"));
    EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("bin", "out")) << "the copy is still there";
}

// With a dpkg-buildpackage that shows what it got.
TEST(BuildDebs, TakesItsOwnFilesAlsoWhereGitIsPointedToAnotherRepository)
{
    const OwnFolder folder;
    const auto fake = folder.path() / "bin/dpkg-buildpackage";
    fs::create_directories(fake.parent_path());
    std::ofstream(fake) << "#!/bin/sh\nls\nexit 9\n";
    chmod(fake.c_str(), 0755);
    const auto other = (folder.path() / "other").string();
    ASSERT_EQ(run_program({"git", "init", "-q", other}).status, 0);
    const auto result = build_debs(
        {(folder.path() / "out").string()},
        {{"PATH", fake.parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin"}, {"GIT_DIR", other + "/.git"}});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("\nCMakeLists.txt\n"));
}

// Likewise, called under a umask of 077, with a folder for temporary files that hands its group down.
TEST(BuildDebs, ModesDependNeitherOnTheUmaskNorOnAFolderThatHandsItsGroupDown)
{
    const OwnFolder folder;
    const auto fake = folder.path() / "bin/dpkg-buildpackage";
    fs::create_directories(fake.parent_path());
    std::ofstream(fake) << "#!/bin/sh\nmkdir debian/new\necho \"umask $(umask)\"\n"
                           "find . -perm /6000 -printf 'set: %p\\n' -o ! -perm -u+w -printf 'read-only: %p\\n' -o "
                           "! -perm -o+r -printf 'private: %p\\n'\nexit 9\n";
    chmod(fake.c_str(), 0755);
    chmod(folder.path().c_str(), 02755);
    const auto mask = umask(077);
    const auto result = build_debs(
        {(folder.path() / "out").string()},
        {{"PATH", fake.parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin"}, {"TMPDIR", folder.path().string()}});
    umask(mask);
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("umask 0022\n"));
    for (const auto *wrong : {"set: ", "read-only: ", "private: "})
        EXPECT_THAT(result.errors, Not(HasSubstr(wrong)));
}

TEST(BuildDebs, WhatIsMissingForTheBuildIsNamedWithAStatusOfItsOwn)
{
    const OwnFolder folder;
    const auto fake = folder.path() / "bin/dpkg-checkbuilddeps";
    fs::create_directories(fake.parent_path());
    std::ofstream(fake) << "#!/bin/sh\necho 'Unmet build dependencies: scdoc' >&2\nexit 1\n";
    chmod(fake.c_str(), 0755);
    const auto result = build_debs({(folder.path() / "out").string()},
                                   {{"PATH", fake.parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin"}});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("Unmet build dependencies: scdoc"));
    EXPECT_THAT(result.errors, HasSubstr("packaging/build-packages.txt"));
}

TEST(Lintian, HasNoErrorAndNoWarningForThePackages)
{
    const auto result =
        run_program({"lintian", "--allow-root", "--fail-on", "error,warning", packages().changes().string()});
    EXPECT_EQ(result.status, 0) << result.output << result.errors;
}

constexpr const char *sys_header = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";
constexpr const char *linux_header = "/usr/include/x86_64-linux-gnu/linux/krun.h";
constexpr const char *example = "/usr/share/doc/krun-syscall-dev/examples/iteration.c";

TEST(SyscallDev, HasTheHeadersAtTheirPlacesAndNothingOfLinuxLibcDev)
{
    const auto files = files_of(packages().deb("krun-syscall-dev"));
    EXPECT_THAT(files, AllOf(Contains(sys_header), Contains(linux_header)));
    const auto theirs = lines_of(run_program({"dpkg", "-L", "linux-libc-dev"}).output);
    ASSERT_THAT(theirs, Contains("/usr/include/linux/types.h")) << "linux-libc-dev is not installed here";
    for (const auto &file : files) {
        EXPECT_THAT(theirs, Not(Contains(file)));
        EXPECT_TRUE(file == sys_header || file == linux_header || file.starts_with("/usr/share/")) << file;
    }
    EXPECT_EQ(field(packages().deb("krun-syscall-dev"), "Multi-Arch"), "same");
}

TEST(SyscallDev, ItsHeadersAreTheKernels)
{
    const std::string root = packages().root;
    EXPECT_TRUE(run_program({"cmp", KRUN_SOURCE_DIR "/kernel/krun/krun-syscall.h", root + sys_header}).ok());
    EXPECT_TRUE(run_program({"cmp", KRUN_SOURCE_DIR "/kernel/krun/uapi/linux/krun.h", root + linux_header}).ok());
}

TEST(SyscallDev, ItsExampleCompilesWithItsHeaders)
{
    const OwnFolder folder;
    const std::string root = packages().root;
    const auto compiled = run_program({"gcc", "-Wall", "-Werror", "-I" + root + "/usr/include/x86_64-linux-gnu", "-o",
                                       (folder.path() / "iteration").string(), root + example});
    EXPECT_TRUE(compiled.ok()) << compiled.errors;
}

// Either may be there without the other.
TEST(Packages, OpenTheDeviceToItsGroup)
{
    for (const std::string name : {"krunctl", "krun-dkms"}) {
        const auto file = "/lib/udev/rules.d/60-" + name + ".rules";
        EXPECT_THAT(files_of(packages().deb(name)), Contains(file));
        EXPECT_THAT(run_program({"cat", packages().root.string() + file}).output,
                    HasSubstr("SUBSYSTEM==\"misc\", KERNEL==\"krun\", MODE=\"0660\", GROUP=\"kruncounters\""));
    }
}

TEST(Packages, HaveNoFileInCommon)
{
    std::vector<std::string> all;
    for (const char *name : package_names)
        for (const auto &file : files_of(packages().deb(name)))
            all.push_back(file);
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    EXPECT_EQ(twice, all.end()) << *twice;
}

TEST(Dkms, HasTheSourcesOfTheModuleAlone)
{
    const auto deb = packages().deb("krun-dkms");
    const auto sources = "/usr/src/krun-" + field(deb, "Version") + "/";
    const auto files = files_of(deb);
    for (const char *needed : {"Kbuild", "dkms.conf", "calls.c", "module/init.c", "uapi/linux/krun.h"})
        EXPECT_THAT(files, Contains(sources + needed));
    for (const auto &file : files) {
        EXPECT_THAT(file, Not(HasSubstr("/patched/")));
        for (const char *other : {"Kconfig", "Makefile", "hooks.h", "krun-syscall.h", "test_prog"})
            EXPECT_FALSE(file.starts_with(sources + other)) << file;
    }
}

TEST(Krunctl, DependsOnLittleAndRecommendsWhatBuildingNeeds)
{
    const auto deb = packages().deb("krunctl");
    // adduser makes the group kruncounters.
    for (const auto &dependency : split(field(deb, "Depends"), ','))
        EXPECT_THAT(trim(dependency), testing::AnyOf(StartsWith("lib"), testing::Eq("adduser")));
    const auto recommended = field(deb, "Recommends");
    for (const char *package : {"make", "flex", "bison", "libelf-dev", "meson", "cpio"})
        EXPECT_THAT(recommended, HasSubstr(package));
}

TEST(Krunctl, KnowsNoFolderOfItsBuild)
{
    for (const char *program : {"usr/bin/krunctl", "usr/lib/krunctl/krun-init", "usr/lib/krunctl/read_cost",
                                "usr/lib/krunctl/sample_cost", "usr/lib/krunctl/libkruntime.so"}) {
        const auto found = run_program({"strings", "-a", packages().root / program}).output;
        EXPECT_THAT(found, Not(HasSubstr(KRUN_SOURCE_DIR))) << program;
        EXPECT_THAT(found, Not(HasSubstr("/tmp/tmp."))) << program;
    }
    EXPECT_THAT(run_program({"readelf", "-d", packages().root / "usr/bin/krunctl"}).output,
                AllOf(HasSubstr("(NEEDED)"), Not(HasSubstr("RPATH")), Not(HasSubstr("RUNPATH"))));
}

TEST(Krunctl, HasTheLibraryThatKrunsRunnersLoad)
{
    void *const library = dlopen((packages().root / "usr/lib/krunctl/libkruntime.so").c_str(), RTLD_NOW);
    ASSERT_TRUE(library) << dlerror();
    EXPECT_TRUE(dlsym(library, "krun_init"));
    EXPECT_TRUE(dlsym(library, "Java_IterationsRunner_JNI_1krun_1init"));
    EXPECT_FALSE(dlsym(library, "krunc_open")) << "libkruncounters shows through";
    dlclose(library);
}

} // namespace
} // namespace krun
