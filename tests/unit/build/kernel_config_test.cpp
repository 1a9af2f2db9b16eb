// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/kernel_config.hpp"
#include "build/local_version.hpp"
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
        plan.fragments = {"/f/krun.config", "/f/own.config"};
        files.add("/tree/Kconfig", "config PERF\n\tbool \"p\"\nconfig KRUN\n\tbool \"k\"\n\tdepends on PERF\n");
        files.add("/f/krun.config", "CONFIG_KRUN=y\nCONFIG_HZ=100\n# CONFIG_BAD is not set\n");
        files.add("/f/own.config", "CONFIG_HZ=1000\n");
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

TEST_F(VerifyTest, AModuleIsNotWhatWasAskedFor)
{
    files.add("/objects/.config", "CONFIG_KRUN=m\nCONFIG_HZ=1000\n");
    EXPECT_FALSE(verify_config(files, make, plan));
}

TEST(ConfigPlan, FragmentsOfTheUserComeLast)
{
    FakeFilesystem files;
    const KernelLine line;
    files.add("/x/own.config", "");
    const auto plan = plan_config(files, "/d", line, "vm", {"/x/own.config"}).value();
    EXPECT_TRUE(plan.tiny);
    EXPECT_THAT(plan.fragments, ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/krun.config",
                                            "/d/kernel/config/tickless.config", "/x/own.config"));
    EXPECT_EQ(plan_config(files, "/d", line, "vm", {"/x/none"}).error().code, ExitCode::usage);
    EXPECT_EQ(plan_config(files, "/d", line, "/x/none", {}).error().code, ExitCode::usage);
    EXPECT_FALSE(plan_config(files, "/d", line, "/x/own.config", {}).value().tiny);
}

TEST(ConfigPlan, ALinesOwnFragmentFollowsTheCommonOne)
{
    FakeFilesystem files;
    KernelLine line;
    line.config = "/d/kernel/lines/6.1/config";
    files.add(line.config / "krun.config", "");
    files.add(line.config / "vm.config", "");
    files.add("/x/own.config", "");
    EXPECT_THAT(plan_config(files, "/d", line, "vm", {}).value().fragments,
                ElementsAre("/d/kernel/config/vm.config", "/d/kernel/lines/6.1/config/vm.config",
                            "/d/kernel/config/krun.config", "/d/kernel/lines/6.1/config/krun.config",
                            "/d/kernel/config/tickless.config"));
    EXPECT_THAT(plan_config(files, "/d", line, "/x/own.config", {}).value().fragments,
                ElementsAre("/d/kernel/config/krun.config", "/d/kernel/lines/6.1/config/krun.config",
                            "/d/kernel/config/tickless.config"));
}

TEST(ConfigPlan, TheDisksKernelIsTheVirtualMachinesAndMore)
{
    FakeFilesystem files;
    const auto plan = plan_config(files, "/d", KernelLine(), "disk", {}).value();
    EXPECT_TRUE(plan.tiny);
    EXPECT_EQ(plan.name, "disk");
    EXPECT_THAT(plan.fragments, ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/disk.config",
                                            "/d/kernel/config/krun.config", "/d/kernel/config/tickless.config"));
}

TEST(ConfigPlan, KernelsThatLookForMistakesAreTheVirtualMachinesAndMore)
{
    FakeFilesystem files;
    for (const std::string name : {"debug", "kcsan"}) {
        const auto plan = plan_config(files, "/d", KernelLine(), name, {}).value();
        EXPECT_TRUE(plan.tiny);
        EXPECT_THAT(plan.fragments, ElementsAre("/d/kernel/config/vm.config", "/d/kernel/config/" + name + ".config",
                                                "/d/kernel/config/krun.config", "/d/kernel/config/tickless.config"));
    }
    EXPECT_THAT(plan_config(files, "/d", KernelLine(), "kcsan", {}).value().make_settings,
                ElementsAre("KCSAN_SANITIZE=n"));
    EXPECT_THAT(plan_config(files, "/d", KernelLine(), "vm", {}).value().make_settings, testing::IsEmpty());
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
