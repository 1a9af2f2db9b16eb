// SPDX-License-Identifier: MIT
// A tiny kernel, and what `krunctl port` makes of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/digest.hpp"

namespace krun
{

class PortTest : public testing::Test
{
  protected:
    // The hook adds a line between these two lines of Kconfig; see Sandbox.
    static constexpr const char *fitting = "mainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n";
    static constexpr const char *moved = "# new\n# new\nmainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n";
    static constexpr const char *conflicting = "mainmenu \"large\"\nconfig OTHER\n";

    void SetUp() override
    {
        std::filesystem::create_directories(temporary);
        sandbox.environment["TMPDIR"] = temporary.string();
        make_tree(moved);
    }
    void make_tree(const std::string &kconfig)
    {
        write_fake_kernel(tree, true);
        write_text(tree / "Makefile", "VERSION = 6\nPATCHLEVEL = 6\nSUBLEVEL = 9\n");
        write_text(tree / "Kconfig", kconfig);
        digest = sha256_of_tree(runner, tree).value();
    }
    // A line that goes must be there, whatever the fuzz.
    void make_conflict()
    {
        write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,3 @@\n-mainmenu \"tiny\"\n"
                                   "+mainmenu \"krun\"\n+source \"krun/Kconfig\"\n config PERF\n");
        make_tree(conflicting);
    }
    void add_optional_hook(const std::string &keys, const std::string &patch)
    {
        write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) +
                                            "[[hook]]\nname = 'quiet'\nrequired = false\nwithout = 'it is loud'\n" +
                                            keys);
        write_text(sandbox.data() / "kernel/hooks/quiet/6.12.patch", patch);
    }
    // One that builds.
    void make_whole_tree(const std::string &kconfig)
    {
        write_fake_kernel(tree, true);
        auto makefile = read_text(tree / "Makefile");
        makefile.replace(makefile.find("PATCHLEVEL = 12"), 15, "PATCHLEVEL = 6");
        write_text(tree / "Makefile", makefile);
        write_text(tree / "Kconfig", kconfig);
        digest = sha256_of_tree(runner, tree).value();
    }
    nlohmann::json build()
    {
        const auto built = sandbox.krunctl({"build", "--json", "--local-version", ".krun.test", "--source", "tree"});
        EXPECT_EQ(built.status, 0) << built.errors;
        return built.status == 0 ? nlohmann::json::parse(built.output) : nlohmann::json();
    }
    void port(const std::vector<std::string> &more = {})
    {
        std::vector<std::string> arguments = {"port", tree.string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        result = sandbox.krunctl(arguments);
        EXPECT_EQ(sha256_of_tree(runner, tree).value(), digest) << "the kernel source is only read";
        EXPECT_TRUE(std::filesystem::is_empty(temporary)) << "scratch files are left";
    }
    void expect_error(int status, const std::string &message)
    {
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, testing::HasSubstr("krunctl: error: "));
        EXPECT_THAT(result.errors, testing::HasSubstr(message));
        EXPECT_EQ(result.output, "");
        std::size_t lines = 0;
        for (const auto &entry : std::filesystem::directory_iterator(sandbox.data() / "kernel/lines")) {
            EXPECT_THAT(entry.path().filename().string(), testing::StartsWith("6.12")) << "something is left";
            ++lines;
        }
        EXPECT_LE(lines, 1U);
    }
    // With patch(1), and no searching: fuzz is not allowed, and an offset would be printed.
    void expect_fits(const std::filesystem::path &patch)
    {
        const auto copy = sandbox.root() / "copy";
        std::filesystem::copy(tree, copy, std::filesystem::copy_options::recursive);
        const auto applied =
            sandbox.run({"patch", "-p1", "--fuzz=0", "--forward", "-d", copy.string(), "-i", patch.string()});
        EXPECT_EQ(applied.status, 0) << applied.output;
        EXPECT_THAT(applied.output, testing::Not(testing::HasSubstr("Hunk")));
        EXPECT_THAT(read_text(copy / "Kconfig"), testing::HasSubstr("source \"krun/Kconfig\"\n"));
    }

    Sandbox sandbox;
    SystemProcessRunner runner;
    const std::filesystem::path temporary = sandbox.root() / "temporary";
    const std::filesystem::path tree = sandbox.root() / "tree";
    const std::filesystem::path line = sandbox.data() / "kernel/lines/6.6";
    const std::filesystem::path line_6_12 = sandbox.data() / "kernel/lines/6.12";
    std::string digest;
    ProcessResult result;
};

} // namespace krun
