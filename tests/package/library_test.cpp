// SPDX-License-Identifier: MIT
// The packages of libkruncounters: what they hold, and programs compiled with what has been unpacked or
// installed somewhere else than in /usr.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "clients.hpp"
#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const fs::path source = KRUN_SOURCE_DIR;
const fs::path library_folder = "usr/lib/x86_64-linux-gnu";

std::string text_of(const fs::path &file)
{
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::set<std::string> all_matches(const std::string &text, const std::string &pattern)
{
    std::set<std::string> found;
    const std::regex regex(pattern);
    for (auto match = std::sregex_iterator(text.begin(), text.end(), regex); match != std::sregex_iterator(); ++match)
        found.insert((*match)[1]);
    return found;
}

std::string control_field(const std::string &package, const std::string &name)
{
    return trim(run_program({"dpkg-deb", "-f", packages().deb(package).string(), name}).output);
}

// What a library's dynamic symbol table defines, with its versions.
std::set<std::string> exported(const fs::path &library)
{
    std::set<std::string> symbols;
    for (const auto &line : lines_of(run_program({"nm", "-D", "--defined-only", library.string()}).output)) {
        if (words_of(line).size() == 3 && words_of(line)[1] != "A")
            symbols.insert(words_of(line)[2]);
    }
    return symbols;
}

std::set<std::string> with_version(const std::set<std::string> &names)
{
    std::set<std::string> versioned;
    for (const auto &name : names)
        versioned.insert(name + "@@KRUNCOUNTERS_1");
    return versioned;
}

void expect_ok(const ProcessResult &result) { ASSERT_TRUE(result.ok()) << result.output << result.errors; }

// Compiles the C program with what pkg-config says, and runs it.
void expect_pkg_config_works(const fs::path &prefix, const fs::path &pc_folder)
{
    const OwnFolder folder;
    std::ofstream(folder.path() / "client.c") << plain_program;
    std::ofstream(folder.path() / "client.cpp") << plain_program;
    const std::map<std::string, std::string> environment = {{"PKG_CONFIG_LIBDIR", pc_folder.string()}};
    const auto told = run_program({"pkg-config", "--cflags", "--libs", "kruncounters"}, "/", environment);
    expect_ok(told);
    const auto version = trim(run_program({"pkg-config", "--modversion", "kruncounters"}, "/", environment).output);
    for (const auto &compiler : {std::vector<std::string>{"gcc", "-std=c99", "client.c"}, {"g++", "client.cpp"}}) {
        auto argv = compiler;
        argv.insert(argv.end(), {"-Wall", "-Wextra", "-Werror", "-o", "client"});
        for (const auto &flag : words_of(told.output))
            argv.push_back(flag);
        expect_ok(run_program(argv, folder.path()));
        const auto run = run_program({(folder.path() / "client").string()}, "/",
                                     {{"LD_LIBRARY_PATH", pc_folder.parent_path().string()}});
        EXPECT_EQ(run.status, 0) << run.errors;
        EXPECT_EQ(run.output, version + "\n");
    }
    const auto needed = run_program({"readelf", "-d", (folder.path() / "client").string()}).output;
    EXPECT_THAT(needed, HasSubstr("[libkruncounters.so.1]"));
    EXPECT_THAT(told.output, HasSubstr(prefix.string()));
}

void expect_find_package_works(const fs::path &prefix)
{
    const OwnFolder folder;
    std::ofstream(folder.path() / "CMakeLists.txt") << client_cmake;
    std::ofstream(folder.path() / "client.c") << plain_program;
    std::ofstream(folder.path() / "client.cpp") << modern_program;
    const auto build = (folder.path() / "build").string();
    expect_ok(run_program(
        {"cmake", "-S", folder.path().string(), "-B", build, "-G", "Ninja", "-DCMAKE_PREFIX_PATH=" + prefix.string()}));
    expect_ok(run_program({"cmake", "--build", build}));
    for (const char *client : {"dynamic", "static", "modern"}) {
        const auto run = run_program({build + "/" + client});
        EXPECT_EQ(run.status, 0) << client << run.errors;
        EXPECT_THAT(run.output, StartsWith("1.")) << client;
    }
    EXPECT_THAT(run_program({"readelf", "-d", build + "/static"}).output, Not(HasSubstr("kruncounters")));
}

TEST(CountersLibrary, ExportsWhatItsMapNamesAndTheSymbolsFileToo)
{
    const auto map = all_matches(text_of(source / "lib/counters/counters.map"), "\t(krunc_[a-z_]+);");
    ASSERT_FALSE(map.empty());
    EXPECT_EQ(exported(packages().root / library_folder / "libkruncounters.so.1"), with_version(map));
    const auto symbols = text_of(source / "packaging/debian/libkruncounters1.symbols");
    EXPECT_EQ(all_matches(symbols, "\n (krunc_[a-z_]+)@KRUNCOUNTERS_1 "), map);
}

// dpkg-gensymbols complements a symbols file that lacks something, and so could hide a mistake.
TEST(CountersLibrary, ItsPackageHasTheSymbolsFileOfTheSource)
{
    const OwnFolder control;
    expect_ok(run_program({"dpkg-deb", "-e", packages().deb("libkruncounters1").string(), control.path().string()}));
    auto expected = text_of(source / "packaging/debian/libkruncounters1.symbols");
    EXPECT_EQ(text_of(control.path() / "symbols"), expected);
}

TEST(CountersLibrary, NeedsTheCLibraryAlone)
{
    EXPECT_THAT(control_field("libkruncounters1", "Depends"), AllOf(StartsWith("libc6 (>= "), Not(HasSubstr(","))));
    EXPECT_EQ(
        all_matches(run_program({"readelf", "-d", packages().root / library_folder / "libkruncounters.so.1"}).output,
                    "NEEDED.*\\[(.*)\\]"),
        std::set<std::string>{"libc.so.6"});
}

TEST(CountersLibrary, IsForManyArchitecturesAtOnce)
{
    for (const char *package : {"libkruncounters1", "libkruncounters-dev"})
        EXPECT_EQ(control_field(package, "Multi-Arch"), "same") << package;
}

TEST(CountersLibrary, ItsHeadersAreThoseOfTheSource)
{
    const auto installed = packages().root / "usr/include/krun";
    expect_ok(run_program({"diff", "-r", "--exclude=uapi.h", (source / "include/krun").string(), installed.string()}));
    expect_ok(
        run_program({"cmp", (source / "kernel/krun/uapi/linux/krun.h").string(), (installed / "uapi.h").string()}));
}

TEST(CountersLibrary, ItsPackageHasAllExamplesButThoseOfAnother)
{
    std::set<std::string> expected;
    for (const auto &entry : fs::directory_iterator(source / "docs/examples"))
        expected.insert(entry.path().filename().string());
    for (const char *other : {"CMakeLists.txt", "iteration.c"})
        EXPECT_EQ(expected.erase(other), 1U);
    std::set<std::string> found;
    for (const auto &entry : fs::directory_iterator(packages().root / "usr/share/doc/libkruncounters-dev/examples"))
        found.insert(entry.path().filename().string());
    EXPECT_EQ(found, expected);
}

TEST(CountersLibrary, WorksWithPkgConfigWhereverItIs)
{
    expect_pkg_config_works(packages().root, packages().root / library_folder / "pkgconfig");
}

TEST(CountersLibrary, WorksWithCmakeWhereverItIs) { expect_find_package_works(packages().root / "usr"); }

// Its own CMake refuses another version of the interface.
TEST(CountersLibrary, AnotherMajorVersionIsNotFound)
{
    const OwnFolder folder;
    std::ofstream(folder.path() / "CMakeLists.txt") << "cmake_minimum_required(VERSION 3.16)\n"
                                                       "project(client C)\n"
                                                       "find_package(kruncounters 2 REQUIRED)\n";
    const auto configured =
        run_program({"cmake", "-S", folder.path().string(), "-B", (folder.path() / "build").string(), "-G", "Ninja",
                     "-DCMAKE_PREFIX_PATH=" + (packages().root / "usr").string()});
    EXPECT_FALSE(configured.ok());
    EXPECT_THAT(configured.errors, HasSubstr("compatible with requested version \"2\""));
}

// With folders that are not Debian's, and moved afterwards.
TEST(CountersLibrary, InstalledByCmakeItCanBeMoved)
{
    const OwnFolder folder;
    const auto build = (folder.path() / "build").string();
    expect_ok(run_program({"cmake", "-S", KRUN_SOURCE_DIR, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                           "-DCMAKE_INSTALL_LIBDIR=lib"}));
    expect_ok(run_program({"cmake", "--build", build, "--target", "kruncounters", "kruncounters_shared"}));
    expect_ok(run_program(
        {"cmake", "--install", build + "/packaging/kruncounters", "--prefix", (folder.path() / "first").string()}));
    fs::rename(folder.path() / "first", folder.path() / "second");
    expect_pkg_config_works(folder.path() / "second", folder.path() / "second/lib/pkgconfig");
    expect_find_package_works(folder.path() / "second");
}

TEST(CountersLibrary, KnowsNoFolderOfItsBuild)
{
    for (const char *library : {"libkruncounters.so.1", "libkruncounters.a"}) {
        const auto found = run_program({"strings", "-a", packages().root / library_folder / library}).output;
        EXPECT_THAT(found, AllOf(Not(HasSubstr(KRUN_SOURCE_DIR)), Not(HasSubstr("/tmp/tmp.")))) << library;
    }
}

} // namespace
} // namespace krun
