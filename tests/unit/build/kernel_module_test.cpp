// SPDX-License-Identifier: MIT
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/kernel_make.hpp"
#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::HasSubstr;

class KernelModule : public testing::Test
{
  protected:
    KernelModule()
    {
        files.add("/sources/Kbuild", "obj-m += krun.o\n");
        files.add("/sources/module/init.c", "int x;\n");
        files.add("/output/left_over.o", "of the build before");
        runner.succeeds({"make"});
    }
    Result<std::filesystem::path> build() { return build_module(Env{runner, files}, request); }

    FakeFilesystem files;
    FakeProcessRunner runner;
    ModuleRequest request{"/sources", "/headers", {}, "/output", "krun", "/log"};
};

TEST_F(KernelModule, IsMadeOfACopyBecauseKbuildWritesBesideItsSources)
{
    const auto module = build();
    ASSERT_TRUE(module);
    EXPECT_EQ(*module, "/output/krun.ko");
    EXPECT_EQ(files.read("/output/module/init.c").value_or(""), "int x;\n");
    EXPECT_FALSE(files.exists("/output/left_over.o"));
    ASSERT_EQ(runner.commands.size(), 1U);
    EXPECT_THAT(runner.commands[0].argv, Contains("M=/output"));
    EXPECT_THAT(runner.commands[0].argv, Contains("/headers"));
}

TEST_F(KernelModule, ATreesObjectsAreNamed)
{
    request.objects = "/objects";
    ASSERT_TRUE(build());
    EXPECT_THAT(runner.commands[0].argv, Contains("O=/objects"));
}

TEST_F(KernelModule, NeedsNoPahole)
{
    ASSERT_TRUE(build());
    EXPECT_THAT(runner.commands[0].argv, Contains("CONFIG_DEBUG_INFO_BTF_MODULES="));
}

TEST_F(KernelModule, AFailureSaysTheFirstErrorAndWhereTheLogIs)
{
    runner.on({"make"}, 2, "  CC [M]  /output/cpus.o\n/output/cpus.c:7:1: error: unknown type name 'x'\n");
    const auto module = build();
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().message, HasSubstr("krun.ko could not be built: /output/cpus.c:7:1: error:"));
    EXPECT_EQ(module.error().log, "/log");
}

} // namespace
} // namespace krun
