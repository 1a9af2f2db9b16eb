// SPDX-License-Identifier: MIT
#include "build/ubuntu_annotations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using testing::Pair;

constexpr const char *of_generic = "# Menu: HEADER\n"
                                   "# FORMAT: 4\n"
                                   "# ARCH: amd64 arm64 s390x\n"
                                   "# FLAVOUR: amd64-generic amd64-lowlatency arm64-generic arm64-generic-64k\n"
                                   "\n";

class Annotations : public testing::Test
{
  protected:
    Result<AnnotatedConfig> translate(const std::string &text)
    {
        return config_of_annotations("/t/debian.master/config/annotations", text,
                                     [this](const std::filesystem::path &file) { return files.read(file); });
    }
    ConfigValues values(const std::string &text) { return parse_config(translate(text).value().text); }
    void expect_refused(const std::string &text, const std::string &words)
    {
        const auto config = translate(text);
        ASSERT_FALSE(config) << words;
        EXPECT_EQ(config.error().code, ExitCode::usage);
        EXPECT_THAT(config.error().message, HasSubstr(words));
        EXPECT_THAT(config.error().hint, HasSubstr("/boot/config-"));
    }
    FakeFilesystem files;
};

TEST_F(Annotations, TheValueIsThatOfTheFlavourOrElseOfTheArchitecture)
{
    const auto config = translate(std::string(of_generic) +
                                  "CONFIG_AGP          policy<{'amd64': 'y', 'ppc64el': 'y'}>\n"
                                  "CONFIG_AGP          note<'not autoloadable'>\n\n"
                                  "CONFIG_HZ_1000\tpolicy<{'amd64': 'n', 'amd64-generic': 'y'}>\n"
                                  "CONFIG_HZ_250  policy<{'amd64': 'y', 'amd64-lowlatency': 'n', 'arm64': 'n'}>\n"
                                  "CONFIG_NR_CPUS policy<{'amd64': '8192', 'arm64': '512'}> note<'LP: #1864198'>\n"
                                  "# CONFIG_GONE policy<{'amd64': 'y'}>\n"
                                  "CONFIG_ARM64_VA_BITS_48 policy<{'arm64': 'y'}>\n"
                                  "CONFIG_UBUNTU_HOST policy<{'amd64': 'n', 'arm64': 'm'}>\n")
                            .value();
    EXPECT_EQ(config.flavour, "amd64-generic");
    EXPECT_EQ(config.text, "CONFIG_AGP=y\nCONFIG_HZ_1000=y\nCONFIG_HZ_250=y\nCONFIG_NR_CPUS=8192\n"
                           "# CONFIG_UBUNTU_HOST is not set\n");
}

TEST_F(Annotations, AnOptionThatTheKernelDoesNotHaveIsNotMentioned)
{
    EXPECT_EQ(translate(std::string(of_generic) + "CONFIG_A policy<{'amd64': 'y'}>\n"
                                                  "CONFIG_B policy<{'amd64': '-', 'arm64': 'y'}>\n"
                                                  "CONFIG_C policy<{'amd64': 'm', 'amd64-generic': '-'}>\n")
                  .value()
                  .text,
              "CONFIG_A=y\n");
}

TEST_F(Annotations, StringsKeepTheirQuotesAndWhatElseIsInThem)
{
    EXPECT_THAT(values(std::string(of_generic) +
                       R"(CONFIG_LSM policy<{'amd64': '"landlock,lockdown,yama"', 'arm64': '"a, \'b\': c"'}>)"
                       "\n"
                       R"(CONFIG_CC_IMPLICIT_FALLTHROUGH policy<{'amd64': '"-Wimplicit-fallthrough=5"'}>)"
                       "\n"
                       R"(CONFIG_QUOTED policy<{"amd64": '"<it\'s {1}>"'}>)"
                       "\n"
                       R"(CONFIG_VERSION_SIGNATURE policy<{'amd64': '""'}>)"
                       "\n"),
                ElementsAre(Pair("CC_IMPLICIT_FALLTHROUGH", "\"-Wimplicit-fallthrough=5\""),
                            Pair("LSM", "\"landlock,lockdown,yama\""), Pair("QUOTED", "\"<it's {1}>\""),
                            Pair("VERSION_SIGNATURE", "\"\"")));
}

constexpr const char *of_cloud = "# Menu: HEADER\n"
                                 "# FORMAT: 4\n"
                                 "# ARCH: amd64 arm64\n"
                                 "# FLAVOUR: arm64-aws amd64-aws\n"
                                 "# FLAVOUR_DEP: {'amd64-aws': 'amd64-generic', 'arm64-aws': 'arm64-generic'}\n"
                                 "\n"
                                 "include \"../../debian.base/config/annotations\"\n"
                                 "\n";

TEST_F(Annotations, AKernelWithoutAGenericFlavourChangesTheOneThatItIncludes)
{
    // Ubuntu's kernels for older releases include those that include the generic one.
    files.add("/t/debian.base/config/annotations", "include \"../../debian.generic/config/annotations\"\n");
    files.add("/t/debian.generic/config/annotations", std::string(of_generic) +
                                                          "CONFIG_A policy<{'amd64': 'm', 'amd64-generic': 'y'}>\n"
                                                          "CONFIG_B policy<{'amd64': 'm'}>\n"
                                                          "CONFIG_C policy<{'amd64': 'y', 'amd64-generic': 'm'}>\n"
                                                          "CONFIG_D policy<{'amd64-generic': 'y'}>\n");
    const auto config = translate(std::string(of_cloud) + "CONFIG_B policy<{'amd64-aws': 'n'}>\n"
                                                          "CONFIG_C policy<{'amd64': 'n'}>\n"
                                                          "CONFIG_D policy<{'arm64': 'n'}>\n")
                            .value();
    EXPECT_EQ(config.flavour, "amd64-aws");
    EXPECT_EQ(config.text, "CONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_C is not set\nCONFIG_D=y\n");
}

TEST_F(Annotations, WhatIsIncludedMustBeThereAndHaveAnEnd)
{
    EXPECT_THAT(translate(of_cloud).error().message, HasSubstr("/t/debian.base/config/annotations"));
    files.add("/t/debian.base/config/annotations", "include \"../../debian.base/config/annotations\"\n");
    expect_refused(of_cloud, "line 1 of the annotations /t/debian.base/config/annotations is no annotation: include");
}

TEST_F(Annotations, WhatIsNoWholeConfigurationForThisMachineIsRefused)
{
    expect_refused("# FORMAT: 3\n# ARCH: amd64\n# FLAVOUR: amd64-generic\nCONFIG_A policy<{'amd64': 'y'}>\n",
                   "/t/debian.master/config/annotations are not of format 4");
    expect_refused("# Menu: HEADER\n\nCONFIG_A policy<(arch amd64 & value y)> mark<ENFORCED>\n", "not of format 4");
    expect_refused(R"({"attributes": {"arch": ["amd64"], "flavour_dep": {}}, "config": {}})", "not of format 4");
    expect_refused("# FORMAT: 4\n# ARCH: arm64\n# FLAVOUR: arm64-raspi\nCONFIG_A policy<{'arm64': 'y'}>\n",
                   "are of no kernel for amd64");
    expect_refused(of_generic, "say nothing of amd64-generic");
}

TEST_F(Annotations, ALineThatIsNotUnderstoodIsNamed)
{
    for (const std::string line :
         {"CONFIG_A", "CONFIG_A=y", "CONFIG_A policy<{'amd64': 'y'>", "CONFIG_A policy<{'amd64' 'y'}>",
          "CONFIG_A policy<{'amd64': 'y}>", "CONFIG_A policy<{s:'y'}>", "CONFIG_A policy<{s:s}>", "CONFIG_A policy<y>",
          "A policy<{'amd64': 'y'}>", "include"})
        expect_refused(of_generic + line + "\n",
                       "line 6 of the annotations /t/debian.master/config/annotations is no annotation: " + line);
}

TEST(AnnotationsFile, IsToldFromAConfiguration)
{
    EXPECT_TRUE(are_annotations(of_generic));
    EXPECT_TRUE(are_annotations("# Ours\nCONFIG_A                 policy<{'amd64': 'y'}>\n"));
    EXPECT_FALSE(are_annotations("#\n# Linux/x86 6.8.1 Kernel Configuration\n#\nCONFIG_A=\"x policy<\"\n"));
    EXPECT_FALSE(are_annotations("about kernels\n"));
}

TEST(AnnotationsFile, IsAConfigurationOfADistributionAndNotOfAPerson)
{
    FakeFilesystem files;
    FakeProcessRunner runner;
    files.add("/t/annotations", of_generic + std::string("CONFIG_A policy<{'amd64': 'y'}>\n"));
    files.add("/t/config", "CONFIG_A=y\n");
    for (const auto *name : {"krun", "tickless"})
        files.add(std::string("/d/kernel/config/") + name + ".config", "");
    const auto plan = [&](const std::string &config) {
        return plan_config(files, "/d", {}, config, read_config_inputs(Env{runner, files}, config, {}).value()).value();
    };
    EXPECT_EQ(plan("/t/annotations").base_text, "CONFIG_A=y\n");
    EXPECT_FALSE(plan("/t/annotations").personal);
    EXPECT_TRUE(plan("/t/config").personal);
    EXPECT_FALSE(plan("running").personal);
}

} // namespace
} // namespace krun
