// SPDX-License-Identifier: MIT
// What dpkg-deb says of a package is said by whoever made it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "install/kernel_package.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

TEST(Release, IsWhatAKernelMayBeCalled)
{
    for (const auto *good : {"6.12.118.krun.cd9713", "4.9.88-krun", "6.1.0-41-amd64", "7.3~rc1+x_y"})
        EXPECT_TRUE(is_release(good)) << good;
    for (const auto *bad :
         {"", ".", "..", "../6.1", "6.1/..", "krun", "-6.1", "6.1 2", "6.1\n", "6.1$(id)", "6.1\x1b[1m"})
        EXPECT_FALSE(is_release(bad)) << bad;
}

class ReadPackages : public testing::Test
{
  protected:
    void SetUp() override { ASSERT_TRUE(files.write(deb, "")); }

    void package_says(const std::string &fields) { runner.on({"dpkg-deb", "-f"}, 0, fields); }
    [[nodiscard]] std::string refusal()
    {
        const auto read = read_kernel_packages(Env{runner, files}, {deb});
        EXPECT_FALSE(read);
        if (read)
            return {};
        EXPECT_EQ(read.error().code, ExitCode::usage);
        return read.error().message;
    }

    TemporaryFolder folder;
    SystemFilesystem files;
    FakeProcessRunner runner;
    std::filesystem::path deb = folder.path() / "a.deb";
};

TEST_F(ReadPackages, AReleaseThatLeadsElsewhereIsRefused)
{
    for (const auto *release : {"..", ".hidden", "krun"}) {
        const std::string text = release;
        package_says("Package: linux-image-" + text + "\nVersion: 1\nArchitecture: amd64\n");
        runner.on({"dpkg-deb", "-c"}, 0,
                  "-rw-r--r-- root/root 7 2026-01-01 00:00 ./boot/vmlinuz-" + text +
                      "\n-rw-r--r-- root/root 3 2026-01-01 00:00 ./usr/share/krun/" + text + "/metadata.json\n");
        EXPECT_THAT(refusal(), HasSubstr("no kernel's release")) << release;
    }
}

TEST_F(ReadPackages, FieldsThatNoDebianPackageHasAreRefused)
{
    for (const auto *fields : {"Package: ../linux-image-6.1\nVersion: 1\nArchitecture: amd64\n",
                               "Package: linux-image-6.1/x\nVersion: 1\nArchitecture: amd64\n",
                               "Package: linux-image-6.1\nVersion: ../1\nArchitecture: amd64\n",
                               "Package: linux-image-6.1\nVersion: 1\nArchitecture: amd64/..\n",
                               "Package: linux-image-6.1\x1b[2J\nVersion: 1\nArchitecture: amd64\n"}) {
        package_says(fields);
        EXPECT_THAT(refusal(), HasSubstr("is not a Debian package")) << fields;
    }
}

} // namespace
} // namespace krun
