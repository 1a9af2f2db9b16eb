// SPDX-License-Identifier: MIT
// `krunctl build --dry-run` against the real run: the same commands in the same order, from every kind of source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::SizeIs;

// What a dry run shows of files, which the real one does itself.
bool is_about_files(const std::string &line)
{
    return line.starts_with("# ") || line.starts_with("mkdir ") || line.starts_with("mv /") ||
           line.starts_with("cp /") || line.starts_with("rm ");
}

// Nobody knows what is in a package before it is made.
bool depends_on_what_is_in_a_package(const std::string &line)
{
    return line.find("/unpacked") != std::string::npos && line.find("dpkg-deb") == std::string::npos;
}

std::vector<std::string> commands_in(const std::string &text)
{
    static const std::regex sandbox_of_apt("krunctl-apt[.-][A-Za-z0-9]{6}");
    std::vector<std::string> commands;
    for (const auto &line : lines_of(text)) {
        if (!is_about_files(line) && !depends_on_what_is_in_a_package(line))
            commands.push_back(std::regex_replace(line, sandbox_of_apt, "krunctl-apt"));
    }
    return commands;
}

class DryRunTest : public testing::Test
{
  protected:
    DryRunTest() { sandbox.environment["GIT_CONFIG_GLOBAL"] = "/dev/null"; }
    [[nodiscard]] fs::path trace() const { return sandbox.root() / "trace"; }
    ProcessResult build(std::vector<std::string> arguments, const std::vector<std::string> &more)
    {
        arguments.insert(arguments.begin(), {"build", "--local-version", ".krun.test"});
        arguments.insert(arguments.end(), more.begin(), more.end());
        return sandbox.krunctl(arguments);
    }
    // The dry run first: the real one must find nothing done.
    std::vector<std::string> expect_the_same(const std::vector<std::string> &arguments)
    {
        const auto shown = build(arguments, {"--dry-run"});
        EXPECT_EQ(shown.status, 0) << shown.errors;
        const auto as_json = nlohmann::json::parse(build(arguments, {"--dry-run", "--json"}).output, nullptr, false);
        EXPECT_EQ(as_json.value("steps", std::vector<std::string>()), lines_of(shown.output));
        sandbox.environment["KRUN_TRACE"] = trace().string();
        const auto done = build(arguments, {});
        EXPECT_EQ(done.status, 0) << done.errors;
        sandbox.environment.erase("KRUN_TRACE");
        auto commands = commands_in(shown.output);
        EXPECT_THAT(commands, ElementsAreArray(commands_in(read_text(trace()))));
        return commands;
    }
    void add_tree(const fs::path &tree) { write_fake_kernel(tree, true); }
    void run(const std::vector<std::string> &argv)
    {
        const auto result = sandbox.run(argv);
        ASSERT_EQ(result.status, 0) << result.errors;
    }
    Sandbox sandbox;
};

// The archive's index is read by a build before; what that one has downloaded and unpacked is gone.
TEST_F(DryRunTest, OfALineIsTheRealRun)
{
    ASSERT_EQ(build({}, {}).status, 0);
    for (const auto *folder : {"source", "kernels", "build", "apt/packages"})
        fs::remove_all(sandbox.cache() / folder);
    const auto commands = expect_the_same({});
    EXPECT_THAT(commands, Contains(testing::AllOf(HasSubstr("APT_CONFIG="), HasSubstr("apt-get"),
                                                  HasSubstr("download linux-source-6.12=6.12.1-1"))));
    EXPECT_THAT(commands, Contains(HasSubstr("patch -p1")));
}

TEST_F(DryRunTest, OfPackagesIsTheRealRun)
{
    add_tree(sandbox.root() / "linux");
    const auto commands = expect_the_same({"--source", "linux", "--config", "disk", "--package"});
    EXPECT_THAT(commands, Contains(HasSubstr("bindeb-pkg")));
    EXPECT_THAT(commands, Contains(HasSubstr("dpkg-deb --root-owner-group")));
}

TEST_F(DryRunTest, OfAFolderIsTheRealRun)
{
    add_tree(sandbox.root() / "linux");
    EXPECT_THAT(expect_the_same({"--source", "linux"}), Contains(HasSubstr("rsync -a")));
}

TEST_F(DryRunTest, OfAGitTreeIsTheRealRun)
{
    const auto tree = sandbox.root() / "linux";
    add_tree(tree);
    run({"sh", "-c",
         "cd \"$0\" && git init -q && git add -A && git -c user.name=t -c user.email=t@example.org commit -qm all",
         tree.string()});
    EXPECT_THAT(expect_the_same({"--source", "linux"}), Contains(HasSubstr("git --no-optional-locks")));
}

TEST_F(DryRunTest, OfATarballIsTheRealRun)
{
    add_tree(sandbox.root() / "linux-6.12");
    run({"tar", "-C", sandbox.root().string(), "-cJf", (sandbox.root() / "linux-6.12.tar.xz").string(), "linux-6.12"});
    EXPECT_THAT(expect_the_same({"--source", "linux-6.12.tar.xz", "--unverified"}), Contains(HasSubstr("xz -d")));
}

TEST_F(DryRunTest, OfAUrlAndAnOwnFragmentIsTheRealRun)
{
    add_tree(sandbox.root() / "linux-6.12");
    run({"tar", "-C", sandbox.root().string(), "-czf", (sandbox.root() / "linux-6.12.tar.gz").string(), "linux-6.12"});
    write_text(sandbox.root() / "more.config", "CONFIG_SMP=y\n");
    const auto url = "file://" + (sandbox.root() / "linux-6.12.tar.gz").string();
    const auto shown = build({"--source", url, "--unverified", "--fragment", "more.config"}, {"--dry-run"});
    EXPECT_EQ(shown.status, 0) << shown.errors;
    EXPECT_FALSE(fs::exists(sandbox.cache()));
    // The tarball's digest names its folders.
    EXPECT_THAT(shown.output, HasSubstr("DIGEST"));
    ASSERT_EQ(build({"--source", url, "--unverified"}, {}).status, 0);
    for (const auto *folder : {"source", "kernels", "build"})
        fs::remove_all(sandbox.cache() / folder);
    expect_the_same({"--source", url, "--unverified", "--fragment", "more.config"});
}

TEST_F(DryRunTest, OfWhatIsUpToDateShowsNoCommand)
{
    ASSERT_EQ(build({}, {}).status, 0);
    EXPECT_THAT(expect_the_same({}), SizeIs(0));
}

} // namespace
} // namespace krun
