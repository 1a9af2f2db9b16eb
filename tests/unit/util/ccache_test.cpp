// SPDX-License-Identifier: MIT
#include "util/ccache.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

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

} // namespace
} // namespace krun
