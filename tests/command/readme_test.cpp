// SPDX-License-Identifier: MIT
// What README.md shows is true: its C example is the file in docs/examples, which compiles, and its commands exist.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

const std::filesystem::path readme_root = KRUN_SOURCE_DIR;
const std::filesystem::path readme_example = readme_root / "docs/examples/iteration.c";

// What stands between ```LANGUAGE and the next ```.
std::string readme_code(const std::string &language)
{
    const auto text = read_text(readme_root / "README.md");
    const auto opening = "\n```" + language + "\n";
    const auto begin = text.find(opening);
    if (begin == std::string::npos)
        return {};
    const auto start = begin + opening.size();
    return text.substr(start, text.find("\n```\n", start) + 1 - start);
}

std::set<std::string> readme_matches(const std::string &text, const std::string &pattern)
{
    std::set<std::string> found;
    const std::regex regex(pattern);
    for (const auto &line : lines_of(text)) {
        std::smatch match;
        if (std::regex_search(line, match, regex))
            found.insert(match[1].str());
    }
    return found;
}

TEST(Readme, QuotesTheExampleAsItIs) { EXPECT_EQ(readme_code("c"), read_text(readme_example)); }

TEST(Readme, TheExampleCompilesWithoutAWarning)
{
    Sandbox sandbox;
    const auto program = sandbox.root() / "iteration";
    const auto compiled =
        sandbox.run({"gcc", "-Wall", "-Wextra", "-Werror", "-O2", "-I", (readme_root / "kernel/krun/uapi").string(),
                     "-o", program.string(), readme_example.string()});
    EXPECT_EQ(compiled.status, 0) << compiled.errors;
}

TEST(Readme, TheProgramWithTheLibraryWorksOnThisMachine)
{
    Sandbox sandbox;
    const auto source = sandbox.root() / "iteration.cpp";
    const auto program = (sandbox.root() / "iteration").string();
    write_text(source, readme_code("cpp"));
    const auto compiled =
        sandbox.run({"g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", "-I",
                     (readme_root / "include").string(), source.string(), "-o", program, KRUN_COUNTERS_LIBRARY});
    ASSERT_EQ(compiled.status, 0) << compiled.errors;
    const auto result = sandbox.run({program});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, testing::ContainsRegex("(clean|ticking|disturbed|undecided|unusable)"));
}

TEST(Readme, TheExampleNamesTheDeviceThatItLacks)
{
    if (std::filesystem::exists("/dev/krun"))
        GTEST_SKIP() << "this machine has /dev/krun";
    Sandbox sandbox;
    const auto program = (sandbox.root() / "iteration").string();
    ASSERT_EQ(
        sandbox.run({"gcc", "-I", (readme_root / "kernel/krun/uapi").string(), "-o", program, readme_example.string()})
            .status,
        0);
    const auto result = sandbox.run({program});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.errors, testing::HasSubstr("/dev/krun: No such file or directory"));
}

TEST(Readme, ListsExactlyTheCommandsThatExist)
{
    Sandbox sandbox;
    const auto help = sandbox.krunctl({"--help"}).output;
    const auto listed = readme_matches(read_text(readme_root / "README.md"), "^\\| `([a-z]+)` \\|");
    EXPECT_GT(listed.size(), 5U);
    EXPECT_EQ(readme_matches(help.substr(help.find("Commands:")), "^  ([a-z]+) "), listed);
}

TEST(Readme, LinksToFilesThatExist)
{
    const auto text = read_text(readme_root / "README.md");
    const std::regex link("\\]\\(([^)#]+)\\)");
    int links = 0;
    for (auto found = std::sregex_iterator(text.begin(), text.end(), link); found != std::sregex_iterator();
         ++found, ++links)
        EXPECT_TRUE(std::filesystem::exists(readme_root / (*found)[1].str())) << (*found)[1];
    EXPECT_GT(links, 5);
}

} // namespace
} // namespace krun
