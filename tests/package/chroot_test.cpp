// SPDX-License-Identifier: MIT
// The packages in a clean Debian 12, installed by its own apt and dpkg.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "chroot.hpp"
#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

constexpr const char *header = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";

constexpr const char *program = R"(#include <linux/types.h>
#include <stdio.h>
#include <linux/krun.h>
#include <sys/krun-syscall.h>

int main(void)
{
	printf("%d %d %d %d %zu\n", SYSCALL_KRUN_READ_MSRS, SYSCALL_KRUN_RESET_MSRS, SYSCALL_KRUN_CONFIGURE,
	       SYSCALL_KRUN_SAMPLE, sizeof(struct krun_slot));
	return 0;
}
)";

class CleanDebian : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        if (obstacle_ = Chroot::obstacle(); !obstacle_.empty())
            return;
        const auto header_deb = packages().deb("krun-syscall-dev");
        const auto tool_deb = packages().deb("krunctl");
        debian_ = std::make_unique<Chroot>();
        debian_->copy_in(header_deb, "/tmp/krun-syscall-dev.deb");
        debian_->copy_in(tool_deb, "/tmp/krunctl.deb");
        debian_->write("/tmp/program.c", program);
    }
    static void TearDownTestSuite() { debian_.reset(); }
    void SetUp() override
    {
        if (!obstacle_.empty())
            GTEST_SKIP() << obstacle_;
        ASSERT_NE(debian_, nullptr) << "the chroot could not be made";
    }

    static void install(std::vector<std::string> what)
    {
        std::vector<std::string> argv = {"apt-get", "-q", "-y", "--no-install-recommends", "--allow-downgrades",
                                         "install"};
        argv.insert(argv.end(), what.begin(), what.end());
        static_cast<void>(debian_->output_of(argv));
    }

    static std::string installed_version(const std::string &package)
    {
        return debian_->output_of({"dpkg-query", "-W", "-f", "${Version}", package});
    }

    // All versions of linux-libc-dev that the archive has, the newest first.
    static std::vector<std::string> versions()
    {
        std::vector<std::string> found;
        for (const auto &line : lines_of(debian_->output_of({"apt-cache", "madison", "linux-libc-dev"}))) {
            const auto version = trim(split(line, '|').at(1));
            if (found.empty() || found.back() != version)
                found.push_back(version);
        }
        return found;
    }

    static void expect_header_in_place()
    {
        EXPECT_EQ(debian_->output_of({"dpkg", "-S", header}), std::string("krun-syscall-dev:amd64: ") + header + "\n");
        EXPECT_EQ(debian_->output_of({"dpkg", "--verify", "krun-syscall-dev", "linux-libc-dev"}), "");
        static_cast<void>(debian_->output_of({"gcc", "-Wall", "-Werror", "-o", "/tmp/program", "/tmp/program.c"}));
        EXPECT_EQ(debian_->output_of({"/tmp/program"}), "900 901 902 903 256\n");
    }

    static std::string obstacle_;
    static std::unique_ptr<Chroot> debian_;
};

std::string CleanDebian::obstacle_;
std::unique_ptr<Chroot> CleanDebian::debian_;

TEST_F(CleanDebian, TheHeaderOutlivesEveryChangeOfLinuxLibcDev)
{
    const auto known = versions();
    ASSERT_FALSE(known.empty());
    install({"linux-libc-dev=" + known.back()});
    install({"/tmp/krun-syscall-dev.deb"});
    expect_header_in_place();

    install({"linux-libc-dev=" + known.front()});
    EXPECT_EQ(installed_version("linux-libc-dev"), known.front());
    expect_header_in_place();

    install({"--reinstall", "linux-libc-dev"});
    expect_header_in_place();
    if (known.size() == 1)
        GTEST_SKIP() << "the archive has one version of linux-libc-dev only: reinstalled, but not upgraded";
}

TEST_F(CleanDebian, RemovingTheHeaderLeavesLinuxLibcDevWhole)
{
    install({"/tmp/krun-syscall-dev.deb"});
    static_cast<void>(debian_->output_of({"apt-get", "-q", "-y", "purge", "krun-syscall-dev"}));
    EXPECT_FALSE(debian_->run({"test", "-e", header}).ok());
    EXPECT_EQ(debian_->output_of({"dpkg", "--verify", "linux-libc-dev"}), "");
}

TEST_F(CleanDebian, KrunctlChecksAndTellsWhatBuildingNeedsWithItsDependenciesAlone)
{
    install({"/tmp/krunctl.deb"});
    EXPECT_THAT(debian_->output_of({"krunctl", "--version"}), testing::StartsWith("krunctl "));
    EXPECT_EQ(debian_->output_of({"dpkg", "--verify", "krunctl"}), "");
    EXPECT_THAT(debian_->output_of({"getent", "group", "kruncounters"}), testing::StartsWith("kruncounters:"));
    const auto check = debian_->run({"krunctl", "check", "--json"});
    EXPECT_TRUE(check.status == 0 || check.status == 1) << check.errors;
    EXPECT_THAT(check.output, HasSubstr("\"kernel\""));
    const auto build = debian_->run({"krunctl", "build", "--dry-run"});
    EXPECT_EQ(build.status, 3);
    EXPECT_THAT(build.errors, HasSubstr("apt-get install"));
}

} // namespace
} // namespace krun
