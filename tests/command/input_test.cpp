// SPDX-License-Identifier: MIT
// `krunctl build` with inputs that are pipes, compressed, or nothing at all, in places with odd names, and beside an
// apt that is set up in its own way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class InputTest : public testing::Test
{
  protected:
    // As a person types it; `$0` is krunctl.
    ProcessResult shell(const std::string &options)
    {
        return sandbox.run({"bash", "-c", "\"$0\" build --local-version .krun.test --output out " + options, KRUNCTL});
    }
    ProcessResult build(std::vector<std::string> more)
    {
        more.insert(more.begin(), {"build", "--local-version", ".krun.test", "--output", "out"});
        return sandbox.krunctl(more);
    }
    std::string config() { return read_text(sandbox.root() / "out/config"); }
    void expect_refused_at_once(const ProcessResult &result, const std::string &words)
    {
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_THAT(result.errors, AllOf(HasSubstr(words), HasSubstr("\nhint: ")));
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    }
    Sandbox sandbox;
};

TEST_F(InputTest, ConfigurationAndFragmentsMayBePipes)
{
    const auto result = shell("--config <(echo CONFIG_PERF=y) --fragment <(echo CONFIG_ONE=y) "
                              "--fragment /dev/stdin <<< CONFIG_TWO=y");
    ASSERT_EQ(result.status, 0) << result.errors;
    for (const auto *line : {"CONFIG_PERF=y", "CONFIG_ONE=y", "CONFIG_TWO=y"})
        EXPECT_THAT(config(), HasSubstr(line));
}

TEST_F(InputTest, AnUnmetRequestFromAPipeNamesThePipe)
{
    const auto result = shell("--fragment /dev/stdin <<< CONFIG_DROPPED=y");
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("CONFIG_DROPPED=y (/dev/stdin): needs PERF"));
}

TEST_F(InputTest, EveryCompressionIsReadWhateverTheFileIsCalled)
{
    unsigned number = 0;
    for (const std::string program : {"gzip", "xz", "zstd", "bzip2"}) {
        const auto symbol = "CONFIG_N" + std::to_string(++number) + "=y";
        const auto result = shell("--config <(echo CONFIG_PERF=y | " + program + " -c) --fragment <(echo " + symbol +
                                  " | " + program + " -c)");
        ASSERT_EQ(result.status, 0) << program << ": " << result.errors;
        EXPECT_THAT(config(), AllOf(HasSubstr("CONFIG_PERF=y"), HasSubstr(symbol))) << program;
    }
}

TEST_F(InputTest, UbuntusAnnotationsAreTheConfigurationOfItsGenericFlavour)
{
    const std::string header = "# FORMAT: 4\n# ARCH: amd64 arm64\n# FLAVOUR: amd64-generic arm64-generic\n\n";
    write_text(sandbox.root() / "debian.base/config/annotations",
               header + "CONFIG_ONE policy<{'amd64': 'y', 'arm64': 'n'}>\n"
                        "CONFIG_TEXT policy<{'amd64': '\"-Wx=5\"'}>\n"
                        "CONFIG_DEBUG_INFO policy<{'amd64': 'y'}>\n"
                        "CONFIG_SYSTEM_TRUSTED_KEYS policy<{'amd64': '\"debian/canonical-certs.pem\"'}>\n");
    write_text(sandbox.root() / "debian.hwe/config/annotations",
               header + "include \"../../debian.base/config/annotations\"\n"
                        "CONFIG_TWO policy<{'amd64-generic': 'm'}> note<'LP: #1'>\n");
    const auto result = build({"--config", "debian.hwe/config/annotations"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("that of amd64-generic in debian.hwe/config/annotations"));
    EXPECT_THAT(config(), AllOf(HasSubstr("CONFIG_ONE=y\n"), HasSubstr("CONFIG_TWO=m\n"),
                                HasSubstr("CONFIG_TEXT=\"-Wx=5\"\n"), HasSubstr("CONFIG_SYSTEM_TRUSTED_KEYS=\"\"\n"),
                                Not(HasSubstr("canonical")), HasSubstr("CONFIG_DEBUG_INFO_NONE=y\n")));
}

TEST_F(InputTest, WhatCannotBeUsedIsRefusedBeforeAnythingIsFetched)
{
    write_text(sandbox.root() / "old", "# FORMAT: 3\n# FLAVOUR: amd64-generic\nCONFIG_A policy<{'amd64': 'y'}>\n");
    write_text(sandbox.root() / "alone", "# FORMAT: 4\n# FLAVOUR: amd64-aws\ninclude \"../gone\"\n");
    expect_refused_at_once(build({"--config", "old"}), "the annotations old are not of format 4");
    expect_refused_at_once(build({"--config", "alone"}), "there is no configuration that annotations include ");
    write_text(sandbox.root() / "cut.gz", "\x1f\x8b\x08");
    expect_refused_at_once(build({"--config", "/dev/null"}), "the configuration /dev/null is empty");
    expect_refused_at_once(build({"--config", "/dev/zero"}), "the configuration /dev/zero has more than");
    expect_refused_at_once(build({"--config", "cut.gz"}), "the configuration cut.gz is damaged");
    expect_refused_at_once(build({"--fragment", "/dev/null"}), "the configuration fragment /dev/null is empty");
    expect_refused_at_once(build({"--fragment", "machine"}), "the configuration fragment machine is a folder");
    expect_refused_at_once(shell("--config <(true)"), "is empty");
    expect_refused_at_once(shell("--fragment <(echo KEXEC=y)"), "is no setting: KEXEC=y");
}

TEST_F(InputTest, WaitingForAPipeThatNobodyWritesToEndsWithCtrlC)
{
    ASSERT_EQ(sandbox.run({"mkfifo", "pipe"}).status, 0);
    const auto result = sandbox.run({"timeout", "--signal=INT", "1", KRUNCTL, "build", "--fragment", "pipe"});
    EXPECT_EQ(result.status, 124) << result.errors; // timeout's own: the program ended by that signal
    EXPECT_THAT(result.errors, HasSubstr("interrupted"));
}

TEST_F(InputTest, ACacheThatMakeCannotHaveIsRefusedBeforeAnythingIsFetched)
{
    for (const std::string name : {"my cache", "my:cache", "my'cache", "my$cache", "my,cache"}) {
        sandbox.environment["XDG_CACHE_HOME"] = (sandbox.root() / name).string();
        expect_refused_at_once(build({}), "nothing can be built in");
        EXPECT_THAT(build({}).errors, HasSubstr("XDG_CACHE_HOME"));
        EXPECT_FALSE(std::filesystem::exists(sandbox.root() / name));
    }
}

TEST_F(InputTest, BlanksAndColonsInAllOtherPathsMeanNothing)
{
    const auto odd = sandbox.root() / "a b: c";
    std::filesystem::create_directories(odd / "tmp dir");
    std::filesystem::rename(sandbox.data(), odd / "data");
    sandbox.environment["KRUN_DATA"] = (odd / "data").string();
    sandbox.environment["TMPDIR"] = (odd / "tmp dir").string();
    write_text(odd / "my fragment", "CONFIG_ONE=y\n");
    write_text(odd / "my base", "CONFIG_PERF=y\n");
    const auto result =
        sandbox.krunctl({"build", "--local-version", ".krun.test", "--config", (odd / "my base").string(), "--fragment",
                         (odd / "my fragment").string(), "--output", (odd / "out put").string()});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(read_text(odd / "out put/config"), AllOf(HasSubstr("CONFIG_ONE=y"), HasSubstr("CONFIG_PERF=y")));
}

TEST_F(InputTest, WhatBootIsGivenIsLookedAtBeforeAKernelIsBuilt)
{
    const auto boot = [this](std::vector<std::string> more) {
        more.insert(more.begin(), "boot");
        const auto result = sandbox.krunctl(more);
        EXPECT_EQ(result.status, 2) << result.errors;
        for (const auto *folder : {"apt", "source", "qemu"})
            EXPECT_FALSE(std::filesystem::exists(sandbox.cache() / folder)) << folder;
        return result.errors;
    };
    EXPECT_THAT(boot({"--copy-in", "none:/x"}), HasSubstr("there is no such file"));
    EXPECT_THAT(boot({"--copy-in", "/dev/zero:/x"}), HasSubstr("too small for what is copied in"));
    EXPECT_THAT(boot({"--memory", "10"}), HasSubstr("--memory must be a number, 64 or more, not `10`"));
    EXPECT_THAT(boot({"--kernel", "/dev/null"}), HasSubstr("the kernel image /dev/null is empty"));
    EXPECT_THAT(boot({"--kernel", "machine"}), HasSubstr("there is no kernel image machine"));
    write_text(sandbox.root() / "text", "no kernel");
    EXPECT_THAT(boot({"--kernel", "text"}), HasSubstr("text is not an x86 kernel image"));
    const auto pipe = sandbox.run({"bash", "-c", "\"$0\" boot --kernel <(echo text)", KRUNCTL});
    EXPECT_EQ(pipe.status, 2);
    EXPECT_THAT(pipe.errors, HasSubstr("is not an x86 kernel image"));
}

TEST_F(InputTest, BothPartsOfACopyMayHaveColons)
{
    write_text(sandbox.root() / "a: b:/c", "1");
    for (const auto *copy : {"a: b:/c:/x", "a: b:/c:/x:y", "a: b:/c:/x:/y"}) {
        const auto result = sandbox.krunctl({"boot", "--kernel", "none", "--copy-in", copy});
        EXPECT_THAT(result.errors, HasSubstr("there is no kernel image none")) << copy;
    }
}

TEST_F(InputTest, TheMachinesAptIsNeitherSeenNorTouched)
{
    const auto machine = sandbox.root() / "machine";
    const auto own = sandbox.root() / "own apt";
    for (const auto *folder : {"lists/partial", "archives/partial"})
        std::filesystem::create_directories(own / folder);
    write_text(own / "preferences", "Package: *\nPin: release n=bookworm-security\nPin-Priority: -1\n");
    const auto hook = "touch " + (sandbox.root() / "hook").string();
    write_text(machine / "apt.conf", read_text(machine / "apt.conf") +
                                         "APT::Default-Release \"stable\";\n"
                                         "Dir::State::lists \"" +
                                         (own / "lists").string() +
                                         "\";\n"
                                         "Dir::Cache::archives \"" +
                                         (own / "archives").string() +
                                         "\";\n"
                                         "Dir::Cache::pkgcache \"" +
                                         (own / "pkgcache.bin").string() +
                                         "\";\n"
                                         "Dir::Etc::preferences \"" +
                                         (own / "preferences").string() +
                                         "\";\n"
                                         "APT::Update::Pre-Invoke:: \"" +
                                         hook +
                                         "\";\n"
                                         "APT::Update::Post-Invoke-Success:: \"" +
                                         hook +
                                         "\";\n"
                                         "DPkg::Pre-Invoke:: \"" +
                                         hook +
                                         "\";\n"
                                         "Acquire::IndexTargets::deb::Contents-deb::MetaKey \"Contents-amd64\";\n");
    ASSERT_EQ(sandbox.run({"apt-get", "-q", "update"}).status, 0);
    std::filesystem::remove(sandbox.root() / "hook");
    const auto state = [&] {
        return sandbox.run({"find", machine.string(), own.string(), "-printf", "%p %s %T@\n"}).output;
    };
    const auto before = state();
    const auto result = build({});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(state(), before);
    EXPECT_FALSE(std::filesystem::exists(sandbox.root() / "hook"));
    EXPECT_TRUE(std::filesystem::exists(sandbox.cache() / "apt/packages/linux-source-6.12_6.12.1-1.deb"));
}

TEST_F(InputTest, TheMachinesProxyIsUsed)
{
    const auto machine = sandbox.root() / "machine";
    sandbox.cut_network();
    write_text(machine / "apt.conf",
               read_text(machine / "apt.conf") + "Acquire::http::Proxy \"http://127.0.0.1:7\";\n");
    const auto result = build({});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("127.0.0.1:7"));
}

} // namespace
} // namespace krun
