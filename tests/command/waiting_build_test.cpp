// SPDX-License-Identifier: MIT
// `krunctl build` while another krunctl builds: what is edited during the wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_kernel.hpp"
#include "sandbox.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class WaitingBuildTest : public testing::Test
{
  protected:
    // Builds, and does `meanwhile` in a shell while the build waits for its lock, which somebody else has.
    ProcessResult build(const std::string &name, const std::vector<std::string> &arguments,
                        const std::string &meanwhile)
    {
        const auto lock = sandbox.cache() / "build" / (name + ".lock");
        fs::create_directories(lock.parent_path());
        std::string command = "exec 9>\"$1\" && flock 9 && shift && { \"$@\" 9>&- 2>said & } && "
                              "for i in $(seq 300); do grep -q 'waiting for' said && break; sleep 0.1; done && "
                              "grep -q 'waiting for' said && { " +
                              meanwhile + "; } && flock -u 9 && wait $!";
        std::vector<std::string> argv = {"bash",  "-c",     command,           "bash",      lock.string(), KRUNCTL,
                                         "build", "--json", "--local-version", ".krun.test"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return sandbox.run(argv);
    }
    json again(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"build", "--json", "--local-version", ".krun.test"});
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 0) << result.errors;
        return json::parse(result.output);
    }
    Sandbox sandbox;
};

TEST_F(WaitingBuildTest, TheOverlayThatIsBuiltIsTheOneOnRecord)
{
    const auto overlay = (sandbox.data() / "kernel/krun/first.c").string();
    const auto first = build("6.12-vm", {}, "echo 'int edited;' >>'" + overlay + "'");
    ASSERT_EQ(first.status, 0) << first.errors << read_text(sandbox.root() / "said");
    const auto built = json::parse(first.output);
    EXPECT_THAT(read_text(fs::path(built.at("tree")) / "krun/first.c"), HasSubstr("int edited;"));
    const auto second = again({});
    EXPECT_EQ(second.at("overlay"), built.at("overlay"));
    EXPECT_EQ(second.at("up_to_date"), true);
}

TEST_F(WaitingBuildTest, AFolderIsBuiltAsItWasWhenItWasRead)
{
    const auto tree = sandbox.root() / "linux";
    write_fake_kernel(tree, true);
    const auto result =
        build("6.12-source-vm", {"--source", tree.string()}, "echo later >'" + (tree / "later").string() + "'");
    ASSERT_EQ(result.status, 0) << result.errors << read_text(sandbox.root() / "said");
    const auto built = json::parse(result.output);
    EXPECT_FALSE(fs::exists(fs::path(built.at("tree")) / "later"));
    const auto second = again({"--source", tree.string()});
    EXPECT_NE(second.at("source").at("identity"), built.at("source").at("identity"));
    EXPECT_TRUE(fs::exists(fs::path(second.at("tree")) / "later"));
}

} // namespace
} // namespace krun
