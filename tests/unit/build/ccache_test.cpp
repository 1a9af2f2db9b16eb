// SPDX-License-Identifier: MIT
#include "build/ccache.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class CcacheTest : public testing::Test
{
  protected:
    CcacheTest() { setenv("PATH", folder.path().c_str(), 1); }
    ~CcacheTest() override { setenv("PATH", path.c_str(), 1); }
    CcacheTest(const CcacheTest &) = delete;
    CcacheTest &operator=(const CcacheTest &) = delete;
    void install()
    {
        std::ofstream(folder.path() / "ccache") << "#!/bin/sh\n";
        std::filesystem::permissions(folder.path() / "ccache", std::filesystem::perms(0755));
    }
    const std::string path = std::getenv("PATH");
    const TemporaryFolder folder; // one of its own: half of the tests run beside the other
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
    std::vector<std::string> compiler = {"ccache"};
    const auto object_of = [&](const std::string &image, std::map<std::string, std::string> environment) {
        EXPECT_TRUE(files.write(folder.path() / "image", image));
        environment["CCACHE_DIR"] = folder.path() / "ccache";
        Command compile;
        compile.argv = compiler;
        compile.argv.insert(compile.argv.end(), {"gcc", "-MD", "-c", "-o", "piggy.o", "piggy.S"});
        compile.directory = folder.path();
        compile.environment = std::move(environment);
        EXPECT_TRUE(runner.run_ok(compile));
        return files.read(folder.path() / "piggy.o").value_or("");
    };
    ASSERT_TRUE(files.write(folder.path() / "piggy.S", ".incbin \"image\"\n"));
    // Somebody's depend mode, which leaves an object that is good for nothing but this image.
    EXPECT_THAT(object_of("first kernel", {{"CCACHE_DEPEND", "1"}}), HasSubstr("first kernel"));
    EXPECT_THAT(object_of("third kernel", {{"CCACHE_DEPEND", "1"}}), HasSubstr("first kernel"));
    ASSERT_TRUE(files.write(folder.path() / "script", compiler_script()));
    compiler = {"sh", "script"};
    for (const std::string image : {"other kernel", "newer kernel"})
        EXPECT_THAT(object_of(image, ccache_environment(folder.path())), HasSubstr(image));
    // Where the compiler is ccache itself, by Debian's links.
    const std::string path = std::getenv("PATH");
    setenv("PATH", ("/usr/lib/ccache:" + path).c_str(), 1);
    for (const std::string image : {"fifth kernel", "sixth kernel"})
        EXPECT_THAT(object_of(image, ccache_environment(folder.path())), HasSubstr(image));
    setenv("PATH", path.c_str(), 1);
    // Any other file is cached, the status is the compiler's.
    ASSERT_TRUE(files.write(folder.path() / "a.c", "int a;\n"));
    Command compile;
    compile.argv = {"sh", "script", "gcc", "-MD", "-c", "-o", "a.o", "a.c"};
    compile.directory = folder.path();
    compile.environment = ccache_environment(folder.path());
    compile.environment["CCACHE_DIR"] = folder.path() / "ccache";
    compile.environment["CCACHE_LOGFILE"] = folder.path() / "log";
    EXPECT_TRUE(runner.run_ok(compile));
    EXPECT_TRUE(runner.run_ok(compile));
    EXPECT_THAT(files.read(folder.path() / "log").value_or(""), HasSubstr("Result: direct_cache_hit"));
    ASSERT_TRUE(files.write(folder.path() / "a.c", "int;;x\n"));
    EXPECT_FALSE(runner.run_ok(compile));
}

} // namespace
} // namespace krun
