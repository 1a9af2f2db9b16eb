// SPDX-License-Identifier: MIT
// A folder with hooks and a tiny kernel tree, for tests with the real patch(1).
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "hooks/fitting.hpp"
#include "util/digest.hpp"

namespace krun
{

// The body of the function that the hooks of these tests are for; see hunk_into().
constexpr const char *wanted_body = "\tone();\n\ttwo();\n\tthree();\n\tfour();\n\tfive();\n\tsix();\n";

inline std::string function_named(const std::string &name, const std::string &body = wanted_body)
{
    return fmt::format("void {}(void)\n{{\n{}}}\n\n", name, body);
}

inline std::string headers_of(const std::string &path) { return fmt::format("--- a/{0}\n+++ b/{0}\n", path); }

// Puts a line into the middle of wanted_body, which is in that function and in that line of its file. `context`: lines
// on either side.
inline std::string hunk_into(const std::string &function, std::size_t line, std::size_t context = 3,
                             const std::string &added = "krun();")
{
    const std::vector<std::string> before = {"one();", "two();", "three();"};
    const std::vector<std::string> after = {"four();", "five();", "six();"};
    auto text = fmt::format("@@ -{},{} +{},{} @@{}\n", line + 3 - context, 2 * context, line + 3 - context,
                            2 * context + 1, function.empty() ? "" : fmt::format(" void {}(void)", function));
    for (auto at = 3 - context; at < 3; ++at)
        text += fmt::format(" \t{}\n", before[at]);
    text += fmt::format("+\t{}\n", added);
    for (std::size_t at = 0; at < context; ++at)
        text += fmt::format(" \t{}\n", after[at]);
    return text;
}

// wanted_body with other words in some of its lines, from 1.
inline std::string body_without(const std::vector<std::size_t> &changed)
{
    std::vector<std::string> lines = {"one();", "two();", "three();", "four();", "five();", "six();"};
    for (const auto line : changed)
        lines[line - 1] = "other();";
    return fmt::format("\t{}\n", fmt::join(lines, "\n\t"));
}

class HookedTree : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(files.make_directories(tree));
        list(required("hook"));
    }
    static std::string required(const std::string &name)
    {
        return fmt::format("[[hook]]\nname = '{}'\nrequired = true\n", name);
    }
    static std::string optional(const std::string &name)
    {
        return fmt::format("[[hook]]\nname = '{0}'\nrequired = false\nwithout = 'it is without {0}'\n", name);
    }
    void list(const std::string &toml) { write(data / "kernel/hooks/hooks.toml", toml); }
    void add_hook(const std::string &name, const std::string &series, const std::string &patch)
    {
        write(data / "kernel/hooks" / name / (series + ".patch"), patch);
    }
    void add_file(const std::string &path, const std::string &text) { write(tree / path, text); }

    FittedHooks fit(const std::string &series = "6.6")
    {
        const auto hooks = load_hooks(files, data);
        EXPECT_TRUE(hooks) << hooks.error().message;
        if (!hooks)
            return {};
        const auto before = state_of_tree();
        const auto fitted = fit_hooks(Env{runner, files}, *hooks, tree, series);
        EXPECT_TRUE(fitted) << fitted.error().message;
        EXPECT_EQ(state_of_tree(), before) << "the tree is only read";
        return fitted.value_or(FittedHooks());
    }
    FittedHook fit_one(const std::string &series = "6.6")
    {
        const auto hooks = fit(series);
        EXPECT_EQ(hooks.size(), 1U);
        return hooks.empty() ? FittedHook() : hooks.front();
    }
    std::string text_of(const std::string &path) { return files.read(tree / path).value_or("unreadable"); }

    TemporaryFolder folder;
    SystemProcessRunner runner;
    SystemFilesystem files;
    const std::filesystem::path data = folder.path() / "data";
    const std::filesystem::path tree = folder.path() / "tree";

  private:
    void write(const std::filesystem::path &file, const std::string &text)
    {
        std::filesystem::create_directories(file.parent_path());
        ASSERT_TRUE(files.write(file, text));
    }
    std::string state_of_tree()
    {
        Command find;
        find.argv = {"find", tree.string(), "-printf", "%p %m %T@ %s %l\n"};
        return runner.run_ok(find).value().output + sha256_of_tree(runner, tree).value();
    }
};

} // namespace krun
