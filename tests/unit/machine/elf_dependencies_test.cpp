// SPDX-License-Identifier: MIT
// Which libraries a program gets into the guest, and where: with real programs, made here.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "machine/elf_dependencies.hpp"
#include "machine/guest_staging.hpp"

namespace krun
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

class LibraryTest : public testing::Test
{
  protected:
    LibraryTest() { runner.succeeds({"/sbin/ldconfig", "-p"}); } // no library is in the cache
    [[nodiscard]] std::filesystem::path host() const { return folder.path() / "host"; }
    [[nodiscard]] std::filesystem::path guest() const { return folder.path() / "guest"; }
    void compile(std::vector<std::string> arguments)
    {
        std::filesystem::create_directories(host() / "bin");
        std::filesystem::create_directories(host() / "lib");
        Command command;
        command.argv = {"gcc", "-w", "-nostartfiles", "-Wl,--no-as-needed", "-Wl,--unresolved-symbols=ignore-all"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.argv.insert(command.argv.end(), {"-x", "c", "-"});
        command.input = "int f(void) { return 0; }\nvoid _start(void) { f(); }\n";
        command.directory = host();
        const auto done = system.run(command);
        ASSERT_TRUE(done && done->ok()) << (done ? done->errors : done.error().message);
    }
    void make_library(const std::string &file, const std::vector<std::string> &more = {})
    {
        const auto name = std::filesystem::path(file).filename().string();
        std::vector<std::string> arguments = {"-shared", "-fPIC", "-nostdlib", "-Wl,-soname," + name, "-o", file};
        arguments.insert(arguments.end(), more.begin(), more.end());
        compile(arguments);
    }
    // Needs lib/libone.so.
    void make_program(const std::string &file, const std::vector<std::string> &more)
    {
        std::vector<std::string> arguments = {"-nostdlib", "-o", file, "-Llib", "-l:libone.so"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        compile(arguments);
    }
    Result<void> stage(const std::vector<GuestFile> &what, const std::vector<std::string> &library_path = {})
    {
        std::filesystem::create_directories(guest());
        GuestStaging staging(Env{runner, files}, guest());
        for (const auto &file : what) {
            if (auto copied = staging.copy_in(file); !copied)
                return copied;
        }
        return staging.add_libraries(library_path);
    }
    void expect_missing(const Result<void> &staged, const std::string &words)
    {
        ASSERT_FALSE(staged);
        EXPECT_THAT(staged.error().message,
                    AllOf(HasSubstr(words), HasSubstr("neither on this machine nor copied in")));
        EXPECT_THAT(staged.error().hint, HasSubstr("--copy-in"));
    }
    [[nodiscard]] bool in_guest(const std::string &file) const
    {
        return std::filesystem::is_regular_file(guest() / file);
    }

    TemporaryFolder folder;
    SystemProcessRunner system;
    FakeProcessRunner runner; // only the cache of libraries is asked for
    SystemFilesystem files;
};

TEST_F(LibraryTest, OriginIsTheProgramsPlaceInTheGuest)
{
    make_library("lib/libone.so");
    for (const std::string origin : {"$ORIGIN", "${ORIGIN}"}) {
        make_program("bin/prog", {"-Wl,-rpath," + origin + "/../lib"});
        std::filesystem::remove_all(guest());
        const auto staged = stage({{host() / "bin/prog", "/opt/mine/bin/prog"}});
        ASSERT_TRUE(staged) << staged.error().message;
        EXPECT_TRUE(in_guest("opt/mine/lib/libone.so"));
        EXPECT_TRUE(in_guest("usr/lib64/ld-linux-x86-64.so.2"));
    }
    for (const auto &command : runner.commands)
        EXPECT_EQ(command.argv.front(), "/sbin/ldconfig") << "nothing of the program's is started";
}

TEST_F(LibraryTest, OriginIsWhereTheProgramReallyIs)
{
    make_library("lib/libone.so");
    make_program("bin/prog", {"-Wl,-rpath,$ORIGIN/../lib"});
    std::filesystem::create_directories(folder.path() / "elsewhere");
    std::filesystem::create_symlink(host() / "bin/prog", folder.path() / "elsewhere/prog");
    const auto staged = stage({{folder.path() / "elsewhere/prog", "/bin/prog"}});
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(in_guest("usr/lib/libone.so")) << "/bin is /usr/bin there";
}

TEST_F(LibraryTest, LibIsDebiansFolderOfLibraries)
{
    std::filesystem::create_directories(host() / "lib/x86_64-linux-gnu");
    make_library("lib/libone.so");
    make_program("bin/prog", {"-Wl,-rpath,$ORIGIN/../$LIB"});
    std::filesystem::rename(host() / "lib/libone.so", host() / "lib/x86_64-linux-gnu/libone.so");
    const auto staged = stage({{host() / "bin/prog", "/opt/bin/prog"}});
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(in_guest("opt/lib/x86_64-linux-gnu/libone.so"));
}

TEST_F(LibraryTest, AnOldRpathServesTheLibrariesTooAndARunpathDoesNot)
{
    make_library("lib/libtwo.so");
    make_library("lib/libone.so", {"-Llib", "-l:libtwo.so"});
    make_program("bin/prog", {"-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib"});
    const auto staged = stage({{host() / "bin/prog", "/opt/bin/prog"}});
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(in_guest("opt/lib/libtwo.so"));
    make_program("bin/prog", {"-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib"});
    expect_missing(stage({{host() / "bin/prog", "/opt/bin/prog"}}), "needs the library libtwo.so (for libone.so)");
}

TEST_F(LibraryTest, ALibraryThatIsCopiedInTooIsFoundThere)
{
    make_library("lib/libone.so");
    make_program("bin/prog", {});
    const GuestFile program = {host() / "bin/prog", "/prog"};
    const GuestFile library = {host() / "lib/libone.so", "/lib/"};
    expect_missing(stage({program}), "needs the library libone.so");
    for (const auto &order : {std::vector{program, library}, std::vector{library, program}}) {
        const auto staged = stage(order);
        EXPECT_TRUE(staged) << staged.error().message;
    }
    const auto staged = stage({program, {host() / "lib", "/opt/libs"}}, {"", "/opt/libs"});
    EXPECT_TRUE(staged) << staged.error().message;
}

TEST_F(LibraryTest, WhatIsCopiedInWinsAgainstTheHostsOwn)
{
    make_library("lib/libone.so");
    make_library("lib/libother.so", {"-DOTHER"});
    make_program("bin/prog", {"-Wl,-rpath,$ORIGIN/../lib"});
    const auto staged =
        stage({{host() / "bin/prog", "/opt/bin/prog"}, {host() / "lib/libother.so", "/opt/lib/libone.so"}});
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_EQ(files.read(guest() / "opt/lib/libone.so").value(), files.read(host() / "lib/libother.so").value());
}

TEST_F(LibraryTest, ALibraryOfTheHostsCacheGoesWhereTheGuestsLoaderLooks)
{
    make_library("lib/libone.so");
    make_program("bin/prog", {});
    runner.on({"/sbin/ldconfig", "-p"}, 0,
              "2 libs found\n\tlibone.so (libc6) => /none\n\tlibone.so (libc6,x86-64, hwcap: x) => /none\n\tlibone.so "
              "(libc6,x86-64) => " +
                  (host() / "lib/libone.so").string() + "\n");
    const auto staged = stage({{host() / "bin/prog", "/prog"}});
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(in_guest("usr/lib/libone.so"));
}

TEST_F(LibraryTest, ALoaderThatIsNotThereIsNamed)
{
    make_library("lib/libone.so");
    make_program("bin/prog", {"-Wl,--dynamic-linker,/none/ld.so"});
    const auto staged = stage({{host() / "bin/prog", "/prog"}});
    ASSERT_FALSE(staged);
    EXPECT_THAT(staged.error().message, HasSubstr("needs the dynamic loader /none/ld.so"));
}

TEST_F(LibraryTest, AFileThatIsCutShortIsCopiedAsItIs)
{
    make_library("lib/libone.so");
    make_program("bin/prog", {});
    const auto whole = files.read(host() / "bin/prog").value();
    for (const std::size_t size : {std::size_t{4}, std::size_t{70}, std::size_t{200}, whole.size() / 4}) {
        std::ofstream(host() / "bin/cut", std::ios::binary) << whole.substr(0, size);
        EXPECT_FALSE(read_elf(host() / "bin/cut")) << size;
        EXPECT_TRUE(stage({{host() / "bin/cut", "/cut"}}));
    }
    EXPECT_TRUE(read_elf(host() / "bin/prog"));
}

} // namespace
} // namespace krun
