// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include "build/base_config.hpp"
#include "build/build_plan.hpp"
#include "build/kconfig_expression.hpp"
#include "build/kernel_config.hpp"
#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class VerifyTest : public testing::Test
{
  protected:
    VerifyTest()
    {
        make.tree = "/tree";
        make.objects = "/objects";
        plan.fragments = {{"/f/krun.config", "CONFIG_KRUN=y\nCONFIG_HZ=100\n# CONFIG_BAD is not set\n"},
                          {"/f/own.config", "CONFIG_HZ=1000\n"}};
        files.add("/tree/Kconfig", "config PERF\n\tbool \"p\"\nconfig KRUN\n\tbool \"k\"\n\tdepends on PERF\n");
    }
    FakeFilesystem files;
    KernelMake make;
    ConfigPlan plan;
};

TEST_F(VerifyTest, AcceptsWhatWasAskedForAndTheLastFragmentDecides)
{
    files.add("/objects/.config", "CONFIG_KRUN=y\nCONFIG_HZ=1000\n");
    const auto verified = verify_config(files, make, plan);
    EXPECT_TRUE(verified) << verified.error().message;
}

TEST_F(VerifyTest, NamesEachMissingSymbolItsFragmentAndItsDependency)
{
    files.add("/objects/.config", "# CONFIG_KRUN is not set\nCONFIG_HZ=100\nCONFIG_BAD=y\n");
    const auto verified = verify_config(files, make, plan);
    ASSERT_FALSE(verified);
    EXPECT_THAT(verified.error().message,
                AllOf(HasSubstr("lacks 3 of the 3"), HasSubstr("CONFIG_KRUN=y (krun.config): needs PERF"),
                      HasSubstr("CONFIG_HZ=1000 (own.config)"),
                      HasSubstr("# CONFIG_BAD is not set (krun.config): it is y")));
}

TEST_F(VerifyTest, WhatIsForTheMachineMayBeUnknownAndInASourceOfThePersonsOwnMissing)
{
    plan.fragments = {{"/f/vm.config", "CONFIG_NONE=y\n# CONFIG_BAD is not set\n", true},
                      {"/f/krun.config", "CONFIG_KRUN=y\n"}};
    files.add("/tree/Kconfig", "config KRUN\n\tbool \"k\"\nconfig BAD\n\tbool \"b\"\n");
    files.add("/objects/.config", "CONFIG_KRUN=y\nCONFIG_BAD=y\n");
    const auto verified = verify_config(files, make, plan);
    ASSERT_FALSE(verified);
    EXPECT_THAT(verified.error().message, AllOf(HasSubstr("lacks 1 of the 3"), HasSubstr("CONFIG_BAD is not set")));
    plan.own_source = true;
    testing::internal::CaptureStderr();
    EXPECT_TRUE(verify_config(files, make, plan));
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said,
                HasSubstr("note: the final configuration lacks CONFIG_NONE=y (vm.config): there is no such symbol"));
    EXPECT_THAT(said, HasSubstr("lacks # CONFIG_BAD is not set (vm.config): it is y"));
    files.add("/objects/.config", "# CONFIG_KRUN is not set\n");
    EXPECT_THAT(verify_config(files, make, plan).error().message, HasSubstr("lacks 1 of the 3"));
}

TEST_F(VerifyTest, AModuleIsNotWhatWasAskedFor)
{
    files.add("/objects/.config", "CONFIG_KRUN=m\nCONFIG_HZ=1000\n");
    EXPECT_FALSE(verify_config(files, make, plan));
}

class ConfigPlanTest : public testing::Test
{
  protected:
    ConfigPlanTest()
    {
        for (const std::string name : {"vm", "disk", "debug", "kcsan", "krun", "tickless"})
            files.add("/d/kernel/config/" + name + ".config", "CONFIG_" + name + "=y\n");
    }
    ConfigPlan plan_of(const std::string &config, const ConfigInputs &inputs = {})
    {
        return plan_config(files, "/d", line, config, inputs).value();
    }
    static std::vector<std::string> files_of(const ConfigPlan &plan)
    {
        std::vector<std::string> names;
        for (const auto &fragment : plan.fragments)
            names.push_back(fragment.file.string());
        return names;
    }
    FakeFilesystem files;
    KernelLine line;
};

TEST_F(ConfigPlanTest, FragmentsOfTheUserComeLast)
{
    const auto plan = plan_of("vm", {"", {{"/x/own.config", "CONFIG_A=y\n"}}});
    EXPECT_TRUE(plan.tiny);
    EXPECT_THAT(files_of(plan), ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/krun.config",
                                            "/d/kernel/config/tickless.config", "/x/own.config"));
    EXPECT_EQ(plan.fragments.front().text, "CONFIG_vm=y\n");
    EXPECT_EQ(plan.fragments.back().text, "CONFIG_A=y\n");
    EXPECT_FALSE(plan_of("/x/own.config", {"CONFIG_A=y\n", {}}).tiny);
}

TEST_F(ConfigPlanTest, AFragmentOfOursThatIsMissingIsAnError)
{
    files.contents.erase("/d/kernel/config/krun.config");
    EXPECT_FALSE(plan_config(files, "/d", line, "vm", {}));
}

TEST_F(ConfigPlanTest, ALinesOwnFragmentFollowsTheCommonOne)
{
    line.config = "/d/kernel/lines/6.1/config";
    files.add(line.config / "krun.config", "");
    files.add(line.config / "vm.config", "");
    EXPECT_THAT(files_of(plan_of("vm")),
                ElementsAre("/d/kernel/config/vm.config", "/d/kernel/lines/6.1/config/vm.config",
                            "/d/kernel/config/krun.config", "/d/kernel/lines/6.1/config/krun.config",
                            "/d/kernel/config/tickless.config"));
    EXPECT_THAT(files_of(plan_of("/x/own.config")),
                ElementsAre("/d/kernel/config/krun.config", "/d/kernel/lines/6.1/config/krun.config",
                            "/d/kernel/config/tickless.config"));
}

TEST_F(ConfigPlanTest, TheDisksKernelIsTheVirtualMachinesAndMore)
{
    const auto plan = plan_of("disk");
    EXPECT_TRUE(plan.tiny);
    EXPECT_EQ(plan.name, "disk");
    EXPECT_THAT(files_of(plan), ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/disk.config",
                                            "/d/kernel/config/krun.config", "/d/kernel/config/tickless.config"));
}

TEST_F(ConfigPlanTest, KernelsThatLookForMistakesAreTheVirtualMachinesAndMore)
{
    for (const std::string name : {"debug", "kcsan"}) {
        const auto plan = plan_of(name);
        EXPECT_TRUE(plan.tiny);
        EXPECT_THAT(files_of(plan), ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/" + name + ".config",
                                                "/d/kernel/config/krun.config", "/d/kernel/config/tickless.config"));
    }
    EXPECT_THAT(plan_of("kcsan").make_settings, ElementsAre("KCSAN_SANITIZE=n"));
    EXPECT_THAT(plan_of("vm").make_settings, testing::IsEmpty());
}

class ConfigInputsTest : public testing::Test
{
  protected:
    void expect_refused(const std::string &config, const std::vector<std::filesystem::path> &fragments,
                        const std::string &words)
    {
        const auto inputs = read_config_inputs(Env{runner, files}, config, fragments);
        ASSERT_FALSE(inputs) << words;
        EXPECT_EQ(inputs.error().code, ExitCode::usage);
        EXPECT_THAT(inputs.error().message, HasSubstr(words));
        EXPECT_NE(inputs.error().hint, "");
    }
    FakeFilesystem files;
    FakeProcessRunner runner;
};

TEST_F(ConfigInputsTest, WhatIsNoConfigurationIsRefusedByName)
{
    files.add("/x/empty", "");
    files.add("/x/blank", " \n\n");
    files.add("/x/notes", "about kernels\n");
    files.add("/x/binary", std::string("CONFIG_A=y\n\0", 12));
    expect_refused("/x/none", {}, "there is no configuration /x/none");
    expect_refused("/x", {}, "the configuration /x is a folder");
    expect_refused("/x/empty", {}, "the configuration /x/empty is empty");
    expect_refused("/x/blank", {}, "the configuration /x/blank is empty");
    expect_refused("/x/notes", {}, "the configuration /x/notes has no setting");
    expect_refused("/x/binary", {}, "the configuration /x/binary is no text");
    expect_refused("vm", {"/x/none"}, "there is no configuration fragment /x/none");
    expect_refused("vm", {"/x"}, "the configuration fragment /x is a folder");
    expect_refused("vm", {"/x/empty"}, "the configuration fragment /x/empty is empty");
}

TEST_F(ConfigInputsTest, ALineThatKconfigWouldPassOverIsNamed)
{
    for (const std::string line : {"KEXEC=y", "CONFIG_KEXEC = y", "CONFIG_KEXEC", "CONFIG_=y"}) {
        files.add("/x/own.config", "# mine\n\nCONFIG_A=y\n" + line + "\n");
        expect_refused("vm", {"/x/own.config"},
                       "line 4 of the configuration fragment /x/own.config is no setting: " + line);
    }
}

TEST_F(ConfigInputsTest, LineEndsAndByteOrderMarkOfOtherSystemsMeanNothing)
{
    files.add("/x/own.config", "\xef\xbb\xbf"
                               "CONFIG_A=y\r\nCONFIG_B=\"x\"\r\n");
    const auto inputs = read_config_inputs(Env{runner, files}, "/x/own.config", {"/x/own.config"}).value();
    EXPECT_EQ(inputs.base, "CONFIG_A=y\nCONFIG_B=\"x\"\n");
    EXPECT_EQ(inputs.fragments.front().text, inputs.base);
}

TEST(ConfigPlan, AFileNamedLikeAConfigurationGetsItsOwnFolder)
{
    EXPECT_EQ(config_name("debian"), "debian");
    EXPECT_EQ(config_name("./vm"), "file-vm");
    EXPECT_EQ(config_name("/a/my config"), "file-my_config");
}

TEST(BaseConfig, LosesItsBuildersCertificatesAndDebugInformation)
{
    const auto text = without_traps("CONFIG_SYSTEM_TRUSTED_KEYS=\"debian/certs/x.pem\"\nCONFIG_MODULE_SIG_KEY=\"a\"\n"
                                    "CONFIG_DEBUG_INFO=y\nCONFIG_DEBUG_INFO_BTF=y\n# CONFIG_B is not set\nCONFIG_A=m\n",
                                    false, true);
    EXPECT_EQ(text, "# CONFIG_B is not set\nCONFIG_A=m\n"
                    "CONFIG_SYSTEM_TRUSTED_KEYS=\"\"\nCONFIG_SYSTEM_REVOCATION_KEYS=\"\"\nCONFIG_MODULE_SIG_KEY=\"\"\n"
                    "# CONFIG_MODULE_SIG_ALL is not set\n# CONFIG_MODULE_SIG_FORCE is not set\n"
                    "CONFIG_DEBUG_INFO_NONE=y\n");
    EXPECT_THAT(without_traps("CONFIG_DEBUG_INFO=y\n", true, true), AllOf(HasSubstr("INFO=y"), Not(HasSubstr("NONE"))));
}

TEST(BaseConfig, KeepsAPersonsTypeInformationOnlyWherePaholeCanMakeIt)
{
    const std::string base = "CONFIG_DEBUG_INFO=y\nCONFIG_DEBUG_INFO_BTF=y\n";
    EXPECT_THAT(without_traps(base, true, true), HasSubstr("CONFIG_DEBUG_INFO_BTF=y\n"));
    const auto without = without_traps(base, true, false);
    EXPECT_THAT(without, AllOf(HasSubstr("CONFIG_DEBUG_INFO=y\n"), HasSubstr("# CONFIG_DEBUG_INFO_BTF is not set\n"),
                               Not(HasSubstr("BTF=y"))));
    EXPECT_THAT(without_traps("CONFIG_DEBUG_INFO=y\n", true, false), Not(HasSubstr("BTF")));
}

// What /boot/config-6.8.0-31-generic says of what only its builder has. In an Ubuntu tree all of it takes effect.
constexpr const char *of_ubuntu =
    "CONFIG_CC_VERSION_TEXT=\"x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0\"\n"
    "CONFIG_VERSION_SIGNATURE=\"Ubuntu 6.8.0-31.31-generic 6.8.1\"\n"
    "CONFIG_RUST=y\n"
    "CONFIG_RUSTC_VERSION_TEXT=\"rustc 1.75.0\"\n"
    "CONFIG_KVM_WERROR=y\n"
    "CONFIG_MODULE_SIG=y\n"
    "# CONFIG_MODULE_SIG_FORCE is not set\n"
    "CONFIG_MODULE_SIG_ALL=y\n"
    "CONFIG_MODULE_SIG_KEY=\"certs/signing_key.pem\"\n"
    "CONFIG_SYSTEM_TRUSTED_KEYS=\"debian/canonical-certs.pem\"\n"
    "CONFIG_SYSTEM_REVOCATION_LIST=y\n"
    "CONFIG_SYSTEM_REVOCATION_KEYS=\"debian/canonical-revoked-certs.pem\"\n"
    "CONFIG_UBUNTU_ODM_DRIVERS=y\n"
    "CONFIG_UBUNTU_HOST=m\n"
    "CONFIG_DEBUG_INFO=y\n"
    "CONFIG_DEBUG_INFO_DWARF5=y\n";

TEST(BaseConfig, OfUbuntuNamesNoFileOfItsBuildersAndIsNotItsBuild)
{
    for (const bool personal : {false, true}) {
        const auto values = parse_config(without_traps(of_ubuntu, personal, true));
        EXPECT_EQ(value_of(values, "SYSTEM_TRUSTED_KEYS"), "\"\"");
        EXPECT_EQ(value_of(values, "SYSTEM_REVOCATION_KEYS"), "\"\"");
        EXPECT_EQ(value_of(values, "MODULE_SIG_KEY"), "\"\"");
        EXPECT_EQ(value_of(values, "MODULE_SIG_ALL"), "n");
        EXPECT_EQ(value_of(values, "VERSION_SIGNATURE"), "\"\"");
        // Its drivers are in its tree, and what checks signatures has nothing to do with ours.
        EXPECT_EQ(value_of(values, "UBUNTU_HOST"), "m");
        EXPECT_EQ(value_of(values, "UBUNTU_ODM_DRIVERS"), "y");
        EXPECT_EQ(value_of(values, "MODULE_SIG"), "y");
    }
    EXPECT_THAT(without_traps("CONFIG_A=y\n", false, true), Not(HasSubstr("VERSION_SIGNATURE")));
}

TEST(BaseConfig, OfADistributionDoesNotDependOnTheReleaseOfACompiler)
{
    const auto of_distribution = parse_config(without_traps(of_ubuntu, false, true));
    EXPECT_EQ(value_of(of_distribution, "RUST"), "n");
    EXPECT_EQ(value_of(of_distribution, "KVM_WERROR"), "n");
    const auto of_person = parse_config(without_traps(of_ubuntu, true, true));
    EXPECT_EQ(value_of(of_person, "RUST"), "y");
    EXPECT_EQ(value_of(of_person, "KVM_WERROR"), "y");
    EXPECT_THAT(without_traps("CONFIG_A=y\n", false, true), Not(HasSubstr("CONFIG_RUST")));
}

class RunningConfig : public testing::Test
{
  protected:
    RunningConfig() { uname(&system); }
    std::string release() { return system.release; }
    FakeFilesystem files;
    FakeProcessRunner runner;
    utsname system = {};
};

TEST_F(RunningConfig, IsOfTheReleaseAndNotOfTheKernelsVersion)
{
    files.add("/boot/config-" + release() + "-other", "CONFIG_A=n\n");
    EXPECT_EQ(running_config(Env{runner, files}).error().code, ExitCode::host_lacks);
    files.add("/lib/modules/" + release() + "/build/.config", "CONFIG_A=m\n");
    EXPECT_EQ(running_config(Env{runner, files}).value(), "CONFIG_A=m\n");
    files.add("/proc/config.gz", "CONFIG_A=y\n");
    EXPECT_EQ(running_config(Env{runner, files}).value(), "CONFIG_A=y\n");
    files.add("/boot/config-" + release(), "CONFIG_A=7\n");
    EXPECT_EQ(running_config(Env{runner, files}).value(), "CONFIG_A=7\n");
}

TEST(LocalVersion, OnlyLettersDigitsAndDots)
{
    EXPECT_TRUE(check_local_version(".krun.Test1"));
    for (const auto *bad : {"-x", "a b", "a_b", "a/b", "\xc3\xa4", ""})
        EXPECT_EQ(check_local_version(bad).error().code, ExitCode::usage) << bad;
    EXPECT_THAT(check_local_version("a+b").error().message, HasSubstr("'+'"));
    EXPECT_FALSE(check_local_version(std::string(65, 'a')));
}

TEST(LocalVersion, IsTheCommitOfOurOwnCloneOnly)
{
    FakeProcessRunner runner;
    const std::string overlay = "fedcba9876543210";
    runner.on({"git"}, 0, "/tmp\n0123456789abcdef\n");
    EXPECT_EQ(default_local_version(runner, "/tmp", overlay).value(), ".krun.012345");
    EXPECT_EQ(default_local_version(runner, "/usr", overlay).value(), ".krun.fedcba"); // inside somebody else's
    runner.on({"git"}, 128, "");
    EXPECT_EQ(default_local_version(runner, "/tmp", overlay).value(), ".krun.fedcba");
}

} // namespace
} // namespace krun
