// SPDX-License-Identifier: MIT
// The binary interface of libkruncounters, compared with the description that is kept in lib/counters/abi. What no
// function takes or returns, as the readings behind a sample's header and the numbers of enums, is in
// tests/library/layout_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "packages.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path description = fs::path(KRUN_SOURCE_DIR) / "lib/counters/abi/libkruncounters.xml";

// Bits of abidiff's status. The second is set in addition, where no doubt is left.
constexpr int abi_changed = 4;
constexpr int abi_incompatible = 8;

// abidiff of the kept description and of the library in `source`.
ProcessResult compare(const fs::path &source)
{
    const OwnFolder folder;
    const auto now = (folder.path() / "now.xml").string();
    const auto described = run_program({(source / "lib/counters/abi/describe").string(), now});
    EXPECT_EQ(described.status, 0) << described.errors;
    return run_program({"abidiff", description.string(), now});
}

void replace_in(const fs::path &file, const std::string &old, const std::string &fresh)
{
    std::ostringstream read;
    read << std::ifstream(file).rdbuf();
    auto text = read.str();
    const auto at = text.find(old);
    ASSERT_NE(at, std::string::npos) << file << " has no " << old;
    text.replace(at, old.size(), fresh);
    std::ofstream(file, std::ios::trunc) << text;
}

TEST(BinaryInterface, IsTheDescribed)
{
    const auto result = compare(KRUN_SOURCE_DIR);
    EXPECT_EQ(result.status, 0)
        << result.output << result.errors
        << ((result.status & abi_incompatible) != 0
                ? "Programs of before no longer work: take it back, or give the library a new SONAME."
                : "If programs of before still work, and it is on purpose: lib/counters/abi/describe, and commit what "
                  "it "
                  "has changed. A structure may only grow at its end, and only if it has a member `size`.");
}

TEST(BinaryInterface, OfAChangedStructureIsAnother)
{
    const OwnFolder folder;
    const auto source = copy_source_to(folder.path() / "source");
    replace_in(source / "include/krun/counters.h", "uint64_t ticks_least;", "uint32_t ticks_least; uint32_t more;");
    const auto result = compare(source);
    EXPECT_TRUE(result.status & abi_changed) << result.status << result.errors;
    EXPECT_THAT(result.output, HasSubstr("struct krunc_delta"));
    EXPECT_THAT(result.output, HasSubstr("ticks_least"));
}

TEST(BinaryInterface, WithoutASymbolIsIncompatible)
{
    const OwnFolder folder;
    const auto source = copy_source_to(folder.path() / "source");
    replace_in(source / "lib/counters/counters.map", "\tkrunc_cause_remedy;\n", "");
    const auto result = compare(source);
    EXPECT_TRUE(result.status & abi_incompatible) << result.status << result.errors;
    EXPECT_THAT(result.output, HasSubstr("krunc_cause_remedy"));
}

TEST(DescribeAbi, RefusesMoreThanAnOutput)
{
    for (const auto &arguments : {std::vector<std::string>{"a", "b"}, {"--help"}}) {
        std::vector<std::string> argv = {KRUN_SOURCE_DIR "/lib/counters/abi/describe"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        const auto result = run_program(argv);
        EXPECT_EQ(result.status, 2);
        EXPECT_THAT(result.errors, HasSubstr("hint: lib/counters/abi/describe [OUTPUT]"));
    }
}

TEST(DescribeAbi, SaysWhereItCannotWriteAndThatThereIsNoAbidw)
{
    const auto unwritable = run_program({KRUN_SOURCE_DIR "/lib/counters/abi/describe", "/nowhere/x.xml"});
    EXPECT_EQ(unwritable.status, 4);
    EXPECT_THAT(unwritable.errors, HasSubstr("/nowhere/x.xml cannot be written"));

    const OwnFolder bin; // with what the script needs until then
    for (const char *program : {"bash", "dirname", "readlink"})
        fs::create_symlink(fs::path("/usr/bin") / program, bin.path() / program);
    const auto missing =
        run_program({KRUN_SOURCE_DIR "/lib/counters/abi/describe"}, "/", {{"PATH", bin.path().string()}});
    EXPECT_EQ(missing.status, 3);
    EXPECT_THAT(missing.errors, HasSubstr("hint: apt-get install abigail-tools"));
}

TEST(DescribeAbi, ShowsWhyTheLibraryCannotBeBuilt)
{
    const OwnFolder folder;
    const auto source = copy_source_to(folder.path() / "source");
    replace_in(source / "include/krun/counters.h", "struct krunc_session;", "struct krunc_session; no_such_type x;");
    const auto result =
        run_program({(source / "lib/counters/abi/describe").string(), (folder.path() / "x.xml").string()});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("no_such_type"));
    EXPECT_FALSE(fs::exists(folder.path() / "x.xml"));
}

} // namespace
} // namespace krun
