// SPDX-License-Identifier: MIT
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "source/stock_kernel.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

constexpr const char *release = "6.1.0-7-cloud-amd64";

class StockKernelTest : public testing::Test
{
  protected:
    StockKernelTest()
    {
        const char *before = std::getenv("XDG_CACHE_HOME");
        cache_before_ = before == nullptr ? "" : before;
        setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
        line.name = "6.1";
        line.stock_image = "linux-image-cloud-amd64";
        line.suites = {"bookworm"};
        runner.succeeds({"apt-config"}); // nothing is configured
        runner.succeeds({"apt-get", "-q", "update"});
        runner.on({"apt-get", "indextargets"}, 0, "Packages|Debian|bookworm|http://s.example/|/etc/a.list:1\n");
        runner.on({"apt-cache", "madison"}, [](const Command &command) {
            ProcessResult result;
            result.output = " " + command.argv.back() + " | 6.1.9-1 | http://s.example b/main amd64 Packages\n";
            return result;
        });
        depends("linux-image-cloud-amd64", std::string("linux-image-") + release + " (= 6.1.9-1)");
        depends(std::string("linux-headers-") + release, "linux-headers-6.1.0-7-common, linux-kbuild-6.1, gcc-12");
        runner.on({"apt-get", "-q", "-o", "APT::Status-Fd=1", "download"}, [this](const Command &command) {
            const auto &what = command.argv.at(5); // PACKAGE=VERSION
            files.add(command.directory / (what.substr(0, what.find('=')) + "_6.1.9-1_amd64.deb"), "deb");
            return ProcessResult{};
        });
        runner.on({"apt-cache", "show", "--no-all-versions"}, 0, "SHA256: " + std::string(64, 'a') + "\n");
        runner.on({"sha256sum"}, 0, std::string(64, 'a') + "  file\n");
        runner.on({"dpkg-deb", "-x"}, [this](const Command &command) {
            const std::filesystem::path root = command.argv.back();
            unpacked.push_back(std::filesystem::path(command.argv[2]).filename());
            files.add(root / "usr/src/linux-headers-6.1.0-7-cloud-amd64/Makefile",
                      "include /usr/src/linux-headers-6.1.0-7-common/Makefile\n");
            return ProcessResult{};
        });
    }
    ~StockKernelTest() override
    {
        if (cache_before_.empty())
            unsetenv("XDG_CACHE_HOME");
        else
            setenv("XDG_CACHE_HOME", cache_before_.c_str(), 1);
    }
    void depends(const std::string &package, const std::string &on)
    {
        runner.on({"apt-cache", "show", package + "=6.1.9-1"}, 0, "Package: " + package + "\nDepends: " + on + "\n");
    }

    TemporaryFolder folder;
    FakeProcessRunner runner;
    FakeFilesystem files;
    KernelLine line;
    std::vector<std::string> unpacked;

  private:
    std::string cache_before_;
};

TEST_F(StockKernelTest, IsTheCurrentImageWithItsHeadersWhichWorkWhereTheyLie)
{
    const auto kernel = stock_kernel(Env{runner, files}, line);
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(kernel->release, release);
    EXPECT_EQ(unpacked.size(), 4U); // the compiler is the machine's
    const auto root = kernel->image.parent_path().parent_path();
    EXPECT_EQ(kernel->image, root / "boot/vmlinuz-6.1.0-7-cloud-amd64");
    EXPECT_EQ(files.read(kernel->headers / "Makefile").value_or(""),
              "include " + (root / "usr/src/linux-headers-6.1.0-7-common/Makefile").string() + "\n");
    // The second time all is there, and the makefile is not changed again.
    ASSERT_TRUE(stock_kernel(Env{runner, files}, line));
    EXPECT_EQ(unpacked.size(), 4U);
    EXPECT_EQ(files.read(kernel->headers / "Makefile").value_or(""),
              "include " + (root / "usr/src/linux-headers-6.1.0-7-common/Makefile").string() + "\n");
}

TEST_F(StockKernelTest, APackageThatNamesAnotherLineIsNone)
{
    depends("linux-image-cloud-amd64", "linux-image-6.12.0-1-cloud-amd64");
    const auto kernel = stock_kernel(Env{runner, files}, line);
    ASSERT_FALSE(kernel);
    EXPECT_THAT(kernel.error().message, HasSubstr("names no kernel 6.1"));
}

TEST_F(StockKernelTest, ALineWithoutOneSaysSo)
{
    line.stock_image.clear();
    const auto kernel = stock_kernel(Env{runner, files}, line);
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().code, ExitCode::host_lacks);
}

} // namespace
} // namespace krun
