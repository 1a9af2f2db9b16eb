// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "source/kernel_line.hpp"
#include "util/filesystem.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char *good = "package = 'p'\nconfig_package = 'c'\nsuites = ['s-security', 't']\ntested = '1.2'\n";

TEST(KernelLine, ReadsAllKeys)
{
    FakeFilesystem files;
    files.add("/d/kernel/lines/6.12/line.toml", good);
    const auto line = find_kernel_line(files, "/d", "6.12").value();
    EXPECT_EQ(line.package, "p");
    EXPECT_EQ(line.config_package, "c");
    EXPECT_EQ(line.tested, "1.2");
    EXPECT_THAT(line.suites, ElementsAre("s-security", "t"));
    EXPECT_EQ(line.hooks, "/d/kernel/lines/6.12/hooks");
}

TEST(KernelLine, AreSortedByNumber)
{
    FakeFilesystem files;
    for (const auto *name : {"6.12", "6.1", "6.6", "5.10"})
        files.add(std::filesystem::path("/d/kernel/lines") / name / "line.toml", good);
    std::vector<std::string> names;
    const auto lines = load_kernel_lines(files, "/d").value();
    for (const auto &line : lines)
        names.push_back(line.name);
    EXPECT_THAT(names, ElementsAre("5.10", "6.1", "6.6", "6.12"));
}

TEST(KernelLine, AnUnknownOneIsAUsageErrorThatListsTheKnown)
{
    FakeFilesystem files;
    files.add("/d/kernel/lines/6.12/line.toml", good);
    const auto line = find_kernel_line(files, "/d", "7.0");
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, ExitCode::usage);
    EXPECT_THAT(line.error().hint, HasSubstr("6.12"));
}

TEST(KernelLine, ErrorsInTheFileNameItAndTheLine)
{
    FakeFilesystem files;
    files.add("/d/kernel/lines/6.12/line.toml", "package = 'p'\nsuites = [\n");
    EXPECT_THAT(load_kernel_lines(files, "/d").error().message, HasSubstr("line.toml:"));
    files.add("/d/kernel/lines/6.12/line.toml", "package = 'p'\n");
    EXPECT_THAT(load_kernel_lines(files, "/d").error().message, HasSubstr("lacks the key `suites`"));
    files.add("/d/kernel/lines/6.12/line.toml", "suites = ['s']\n");
    EXPECT_THAT(load_kernel_lines(files, "/d").error().message, HasSubstr("lacks the key `package`"));
}

TEST(KernelLine, MayBeInNoPackage)
{
    FakeFilesystem files;
    files.add("/d/kernel/lines/4.9/line.toml", "tested = '4.9.88'\n");
    const auto line = find_kernel_line(files, "/d", "4.9").value();
    EXPECT_FALSE(line.has_package());
    EXPECT_EQ(line.tested, "4.9.88");
    const auto expected = expect_package(line);
    ASSERT_FALSE(expected);
    EXPECT_EQ(expected.error().code, ExitCode::usage);
    EXPECT_EQ(expected.error().message, "no Debian suite has the source of Linux 4.9");
    EXPECT_EQ(expected.error().hint, "name one: krunctl build --line 4.9 --source TREE");
    files.add("/d/kernel/lines/6.12/line.toml", good);
    EXPECT_TRUE(expect_package(find_kernel_line(files, "/d", "6.12").value()));
}

TEST(KernelLine, TheProjectsOwnLinesAreReadable)
{
    SystemFilesystem files;
    const auto lines = load_kernel_lines(files, KRUN_SOURCE_DIR);
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_FALSE(lines->empty());
}

} // namespace
} // namespace krun
