// SPDX-License-Identifier: MIT
#include "util/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

TEST(PrivateProgram, OfABuildLiesInTheFolderOfItsSources)
{
    FakeFilesystem files;
    files.add("/clone/build/dev/testbed/guest/krun-init", "");
    files.add("/clone/build/dev/benchmarks/read_cost", "");
    EXPECT_EQ(private_program(files, "krun-init", "/clone/build/dev/tool"), "/clone/build/dev/testbed/guest/krun-init");
    EXPECT_EQ(private_program(files, "read_cost", "/clone/build/dev/tool"), "/clone/build/dev/benchmarks/read_cost");
}

TEST(PrivateProgram, OfAnInstallationLiesBelowItsPrefix)
{
    FakeFilesystem files;
    files.add("/opt/krun/lib/krunctl/krun-init", "");
    files.add("/usr/lib/krunctl/read_cost", "");
    EXPECT_EQ(private_program(files, "krun-init", "/opt/krun/bin"), "/opt/krun/lib/krunctl/krun-init");
    EXPECT_EQ(private_program(files, "read_cost", "/usr/bin"), "/usr/lib/krunctl/read_cost");
}

TEST(PrivateProgram, ThatIsMissingIsNamedWithWhatBringsIt)
{
    FakeFilesystem files;
    files.add("/usr/lib/krunctl/krun-init", "");
    const auto found = private_program(files, "read_cost", "/usr/bin");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ExitCode::failure);
    EXPECT_THAT(found.error().message, HasSubstr("read_cost"));
    EXPECT_THAT(found.error().hint, HasSubstr("package krunctl"));
}

TEST(CloneDirectory, IsWhereKrunctlWasBuilt) { EXPECT_EQ(clone_directory(), KRUN_SOURCE_DIR); }

} // namespace
} // namespace krun
