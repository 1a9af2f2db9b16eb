// SPDX-License-Identifier: MIT
// The manual pages of libkruncounters, as they are written (docs/man): complete, and true where a program can tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "program.hpp"
#include <krun/counters.hpp>

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path sources = KRUN_SOURCE_DIR;

std::string text_of(const fs::path &file)
{
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

// A page as it is read: without the marks of scdoc.
std::string page(const std::string &name)
{
    std::string text = text_of(sources / "docs/man" / (name + ".3.scd"));
    text = std::regex_replace(text, std::regex(R"(\\(.))"), "$1");
    text = std::regex_replace(text, std::regex(R"(\*)"), "");
    return std::regex_replace(text, std::regex(R"((^|\W)_(?=\w)|(\w)_(?=\W|$))"), "$1$2");
}

std::set<std::string> page_names()
{
    std::set<std::string> names;
    for (const auto &entry : fs::directory_iterator(sources / "docs/man"))
        if (entry.path().string().ends_with(".3.scd"))
            names.insert(entry.path().filename().string().substr(0, entry.path().filename().string().size() - 6));
    return names;
}

std::string all_pages()
{
    std::string all;
    for (const auto &name : page_names())
        all += page(name);
    return all;
}

std::set<std::string> all_matches(const std::string &text, const std::string &pattern)
{
    std::set<std::string> found;
    const std::regex regex(pattern);
    for (auto match = std::sregex_iterator(text.begin(), text.end(), regex); match != std::sregex_iterator(); ++match)
        found.insert((*match)[1].str());
    return found;
}

// What stands after "# NAME", before the dash.
std::set<std::string> described_by(const std::string &page_text)
{
    std::smatch match;
    if (!std::regex_search(page_text, match, std::regex("# NAME\n\n([a-z_, ]+) - ")))
        return {};
    return all_matches(match[1].str(), "([a-z_]+)");
}

// What C programs include.
std::string headers()
{
    return text_of(sources / "include/krun/counters.h") + text_of(sources / "include/krun/thread_counter.h");
}

TEST(Manual, HasAPageForEveryFunctionOfTheLibrary)
{
    std::set<std::string> described;
    for (const auto &name : page_names())
        for (const auto &function : described_by(page(name)))
            EXPECT_TRUE(described.insert(function).second) << function << " has two pages";
    const auto exported = all_matches(text_of(sources / "lib/counters/counters.map"), "\t(krunc_[a-z_]+);");
    EXPECT_GT(exported.size(), 15U);
    for (const auto &function : exported)
        EXPECT_EQ(described.count(function), 1U) << function << " has no page";
}

// In the folder of the built pages, a link for every other function of a page.
TEST(Manual, IsFoundByTheNameOfAnyFunction)
{
    if (!fs::exists(KRUN_BUILT_PAGES "/libkruncounters.3"))
        GTEST_SKIP() << "the pages are not built: there is no scdoc, or it has not run";
    for (const auto &name : page_names())
        for (const auto &function : described_by(page(name))) {
            const fs::path built = fs::path(KRUN_BUILT_PAGES) / (function + ".3");
            ASSERT_TRUE(fs::exists(built)) << built;
            if (function != name) {
                EXPECT_EQ(text_of(built), ".so man3/" + name + ".3\n");
            }
        }
}

TEST(Manual, NamesEveryConstantAndEveryMemberOfTheHeaders)
{
    const auto manual = all_pages();
    auto constants = all_matches(headers(), R"(\b(KRUNC_[A-Z0-9_]+))");
    constants.erase("KRUNC_EXPORT");
    constants.erase("KRUNC_WAYS");
    EXPECT_GT(constants.size(), 90U);
    for (const auto &name : constants)
        EXPECT_THAT(manual, HasSubstr(name));
    auto members = all_matches(headers(), R"(\n\t(?:const )?(?:struct )?\w+ \*?(\w+)(?:\[[^\]]*\])?;)");
    for (const char *internal : {"reserved", "reserved1", "reserved2", "page", "counter", "unused_bits"})
        members.erase(internal);
    EXPECT_GT(members.size(), 70U);
    for (const auto &name : members)
        EXPECT_TRUE(std::regex_search(manual, std::regex("\\b" + name + "\\b"))) << name;
}

TEST(Manual, ListsTheNamesThatTheLibraryGives)
{
    const auto manual = page("krunc_names");
    for (unsigned way = 0; way < KRUNC_WAYS; ++way)
        EXPECT_THAT(manual, HasSubstr(krunc::way_name(way)));
    for (unsigned bit = 0; bit < 16; ++bit)
        if (std::string(krunc::quality_name(1U << bit)) != "?") {
            EXPECT_THAT(manual, HasSubstr(krunc::quality_name(1U << bit)));
        }
    for (const std::uint32_t counter :
         {KRUNC_APERF, KRUNC_MPERF, KRUNC_CYCLES, KRUNC_INSTRUCTIONS, KRUNC_SMI, KRUNC_INTERRUPTS, KRUNC_SWITCHES,
          KRUNC_THERMAL, KRUNC_PACKAGE_THERMAL, KRUNC_CLOCK, KRUNC_THREAD_SWITCHES})
        EXPECT_THAT(manual, HasSubstr(krunc::counter_name(counter)));
    for (unsigned status = 0; status <= KRUNC_SHIELDED; ++status)
        EXPECT_THAT(manual, HasSubstr(krunc::status_name(status)));
    for (unsigned kind = 0; kind <= KRUNC_UNDECIDED; ++kind)
        EXPECT_THAT(manual, HasSubstr(krunc::verdict_name(kind)));
}

// The synopsis of each page is the header's prototypes.
TEST(Manual, ShowsThePrototypesOfTheHeaders)
{
    const auto squeezed = [](const std::string &text) {
        auto plain = std::regex_replace(text, std::regex("KRUNC_EXPORT |static inline "), "");
        plain = std::regex_replace(plain, std::regex("\\)\n\\{"), ");");
        return std::regex_replace(std::regex_replace(plain, std::regex("\\s+"), " "), std::regex("\\( "), "(");
    };
    std::string raw;
    for (const auto &name : page_names())
        raw += text_of(sources / "docs/man" / (name + ".3.scd"));
    const auto manual = squeezed(raw);
    const auto header = squeezed(headers());
    const auto prototypes = all_matches(header, R"(((?:int|void|const char \*|(?:const )?struct krunc_reading \*) ?)"
                                                R"(krunc_[a-z_]+\([^()]*\);))");
    EXPECT_GT(prototypes.size(), 20U);
    for (const auto &prototype : prototypes)
        EXPECT_THAT(manual, HasSubstr(prototype));
}

TEST(Manual, HasAnExampleThatCompiles)
{
    const auto raw = text_of(sources / "docs/man/libkruncounters.3.scd");
    const auto begin = raw.find("#define _GNU_SOURCE");
    ASSERT_NE(begin, std::string::npos);
    auto example = raw.substr(begin, raw.find("\n```", begin) + 1 - begin);
    example = std::regex_replace(example, std::regex(R"(\\\\)"), "\\");
    std::string folder = (fs::temp_directory_path() / "krun-manual-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    std::ofstream(folder + "/example.c") << example;
    const auto compiled =
        run_program("cc -Wall -Wextra -Werror -fsyntax-only -I" KRUN_SOURCE_DIR "/include " + folder + "/example.c");
    fs::remove_all(folder);
    EXPECT_EQ(compiled.status, 0) << compiled.output;
}

} // namespace
