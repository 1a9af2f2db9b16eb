// SPDX-License-Identifier: MIT
// The manual pages know all that krunctl's help knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <sstream>

#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

// The page as it is read, in lines wide enough that no name is broken; empty when there is none.
std::string page(const std::string &name, int section)
{
    const auto file = packages().root / fmt::format("usr/share/man/man{}/{}.{}.gz", section, name, section);
    if (!fs::exists(file))
        return {};
    return run_program({"man", "--local-file", file.string()}, "/", {{"MANWIDTH", "1000"}}).output;
}

// Commands for the administrator have section 8.
std::string page_of_command(const std::string &command)
{
    const auto name = command.empty() ? "krunctl" : "krunctl-" + command;
    const auto first = page(name, 1);
    return first.empty() ? page(name, 8) : first;
}

std::vector<std::string> missing_options(const std::string &text, const std::vector<std::string> &options)
{
    std::vector<std::string> missing;
    for (const auto &option : options) {
        // "--json" is not named by "--json-lines".
        if (!std::regex_search(text, std::regex("(^|[^a-z-])" + option + "($|[^a-z-])")))
            missing.push_back(option);
    }
    return missing;
}

TEST(ManualPages, NameEveryOptionOfEveryCommand)
{
    auto commands = commands_of_help();
    ASSERT_THAT(commands, testing::IsSupersetOf({"build", "boot", "check", "lines"}));
    commands.emplace_back(); // krunctl itself
    for (const auto &command : commands) {
        const auto text = page_of_command(command);
        if (text.empty()) {
            ADD_FAILURE() << "no page for the command " << command;
            continue;
        }
        const auto options = options_of_help(command);
        EXPECT_THAT(options, testing::Contains("--help")) << command;
        EXPECT_THAT(missing_options(text, options), testing::IsEmpty()) << "in the page of " << command;
    }
}

TEST(ManualPages, OfKrunctlNamesEveryCommandAndItsPage)
{
    const auto text = page("krunctl", 1);
    for (const auto &command : commands_of_help()) {
        EXPECT_THAT(text, HasSubstr(fmt::format("\n       {}\n", command)));
        EXPECT_THAT(text, HasSubstr(fmt::format("krunctl-{}(", command)));
    }
}

TEST(ManualPages, HaveTheUsualSections)
{
    for (const auto &command : commands_of_help()) {
        const auto text = page_of_command(command);
        for (const char *section :
             {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"})
            EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", section))) << command;
    }
}

TEST(ManualPages, TypesetWithoutAWarning)
{
    for (const auto &entry : fs::recursive_directory_iterator(packages().root / "usr/share/man")) {
        if (!entry.is_regular_file())
            continue;
        const auto result =
            run_program({"man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", entry.path().string()});
        EXPECT_TRUE(result.ok());
        EXPECT_EQ(result.errors, "") << entry.path();
    }
}

TEST(ManualPages, OfTheThreeSystemCallsAreOne)
{
    for (const char *call : {"krun_read_msrs", "krun_reset_msrs", "krun_configure"}) {
        const auto text = page(call, 2);
        EXPECT_THAT(text, HasSubstr("krun_read_msrs, krun_reset_msrs, krun_configure - ")) << call;
    }
}

TEST(ManualPages, OfTheDeviceNameAllThatItsHeaderDefines)
{
    std::ostringstream text;
    text << std::ifstream(KRUN_SOURCE_DIR "/kernel/krun/uapi/linux/krun.h").rdbuf();
    const auto header = text.str();
    const auto manual = page("krun", 4) + page("krun_sample", 2);
    const std::regex name("KRUN_(COUNTER|SAMPLE|STATUS|SLOT|IOC)_[A-Z_]+");
    int names = 0;
    for (auto found = std::sregex_iterator(header.begin(), header.end(), name); found != std::sregex_iterator();
         ++found, ++names)
        EXPECT_THAT(manual, HasSubstr(found->str()));
    EXPECT_GT(names, 20);
}

// The header says which errors there are; its list begins after the word "Errors:".
TEST(ManualPages, OfTheSystemCallsNameEveryErrorOfTheHeader)
{
    std::ostringstream text;
    text << std::ifstream(KRUN_SOURCE_DIR "/kernel/krun/krun-syscall.h").rdbuf();
    const auto header = text.str().substr(text.str().find("Errors:"));
    const auto manual = page("krun_read_msrs", 2);
    int errors = 0;
    for (const auto &line : lines_of(header)) {
        const std::regex pattern("^ \\*\t(E[A-Z]+)");
        std::smatch match;
        if (!std::regex_search(line, match, pattern))
            continue;
        ++errors;
        EXPECT_THAT(manual, HasSubstr("       " + match[1].str() + "\n"));
    }
    EXPECT_GE(errors, 8);
}

// With the C compiler of this machine, as the reader would: it shows no output without a Krun kernel.
TEST(ManualPages, TheExampleOfTheSystemCallsCompiles)
{
    const auto manual = page("krun_read_msrs", 2);
    const auto begin = manual.find("#define _GNU_SOURCE");
    ASSERT_NE(begin, std::string::npos);
    const OwnFolder folder;
    std::ofstream(folder.path() / "example.c") << manual.substr(begin, manual.find("\nSEE ALSO") - begin);
    const auto compiled =
        run_program({"gcc", "-Wall", "-Werror", "-I" + (packages().root / "usr/include/x86_64-linux-gnu").string(),
                     "-o", "example", "example.c"},
                    folder.path());
    EXPECT_TRUE(compiled.ok()) << compiled.errors;
}

} // namespace
} // namespace krun
