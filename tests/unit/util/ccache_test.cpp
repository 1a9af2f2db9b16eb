// SPDX-License-Identifier: MIT
#include "util/ccache.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "util/process.hpp"

namespace krun
{
namespace
{

class CcacheTest : public testing::Test
{
  protected:
    CcacheTest()
    {
        std::filesystem::create_directories(folder);
        setenv("PATH", folder.c_str(), 1);
    }
    ~CcacheTest() override
    {
        setenv("PATH", path.c_str(), 1);
        std::filesystem::remove_all(folder);
    }
    CcacheTest(const CcacheTest &) = delete;
    CcacheTest &operator=(const CcacheTest &) = delete;
    void install()
    {
        std::ofstream(folder / "ccache") << "#!/bin/sh\n";
        std::filesystem::permissions(folder / "ccache", std::filesystem::perms(0755));
    }
    const std::string path = std::getenv("PATH");
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "krun-ccache-test";
};

TEST_F(CcacheTest, WhereItIsMissingAllWorksWithout)
{
    EXPECT_EQ(cached_compiler("gcc"), "gcc");
    EXPECT_TRUE(ccache_environment("/tree").empty());
}

TEST_F(CcacheTest, WhereItIsInstalledNoPathIsAPartOfWhatItKnowsAFileBy)
{
    install();
    EXPECT_EQ(cached_compiler("gcc"), "ccache gcc");
    const auto environment = ccache_environment("/tree");
    EXPECT_EQ(environment.at("CCACHE_BASEDIR"), "/tree");
    EXPECT_EQ(environment.at("CCACHE_NOHASHDIR"), "1");
}

// With the real one: an object holds what .incbin names, which may change while the source and all sizes stay.
TEST(Ccache, SeesThatAFileIncludesAnotherByIncbin)
{
    if (!has_ccache())
        GTEST_SKIP() << "ccache is not installed";
    const TemporaryFolder folder;
    SystemFilesystem files;
    SystemProcessRunner runner;
    ASSERT_TRUE(files.write(folder.path() / "piggy.S", ".incbin \"image\"\n"));
    for (const std::string text : {"first kernel", "other kernel"}) {
        ASSERT_TRUE(files.write(folder.path() / "image", text));
        Command compile;
        compile.argv = {"ccache", "gcc", "-MD", "-c", "-o", "piggy.o", "piggy.S"};
        compile.directory = folder.path();
        compile.environment = ccache_environment(folder.path());
        compile.environment["CCACHE_DIR"] = folder.path() / "ccache";
        ASSERT_TRUE(runner.run_ok(compile));
        EXPECT_NE(files.read(folder.path() / "piggy.o").value().find(text), std::string::npos) << text;
    }
}

} // namespace
} // namespace krun
