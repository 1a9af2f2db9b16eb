// SPDX-License-Identifier: MIT
#include "self/krunctl.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/temporary_folder.hpp"

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

TEST(CacheFolder, OfSomebodyElseIsRefusedByName)
{
    const TemporaryFolder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
    const auto mine = geteuid();
    EXPECT_TRUE(check_cache_folder(folder.path() / "none", mine, nullptr));
    EXPECT_TRUE(check_cache_folder(folder.path(), mine, nullptr));
    const auto checked = check_cache_folder(folder.path(), mine + 1, nullptr);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ExitCode::host_lacks);
    EXPECT_THAT(checked.error().message, HasSubstr(folder.path().string() + " belongs to the user"));
    EXPECT_THAT(checked.error().hint, HasSubstr("XDG_CACHE_HOME"));
}

TEST(CacheFolder, OfWhoCalledSudoServesRootAndNobodyElse)
{
    const std::filesystem::path folder = "/proc/1"; // of root on any machine
    EXPECT_TRUE(check_cache_folder(folder, 0, nullptr));
    EXPECT_FALSE(check_cache_folder(folder, 1000, "0")); // only root can have been called with sudo
    const TemporaryFolder own;
    std::filesystem::permissions(own.path(), std::filesystem::perms::owner_all);
    const auto owner = std::to_string(geteuid());
    EXPECT_TRUE(check_cache_folder(own.path(), 0, owner.c_str()));
    EXPECT_EQ(check_cache_folder(own.path(), 0, "12345").has_value(), geteuid() == 0);
}

TEST(CacheFolder, ThatOthersCanWriteToIsRefusedWithWhatMendsIt)
{
    using std::filesystem::perms;
    const TemporaryFolder folder;
    for (const auto others : {perms::group_write, perms::others_write}) {
        std::filesystem::permissions(folder.path(), perms::owner_all | perms::others_read | others);
        const auto checked = check_cache_folder(folder.path(), geteuid(), nullptr);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, ExitCode::host_lacks);
        EXPECT_THAT(checked.error().message, HasSubstr(folder.path().string()));
        EXPECT_THAT(checked.error().hint, HasSubstr("chmod go-w"));
    }
}

TEST(HomeFolder, IsThatOfTheUsersNumberInTheList)
{
    const std::string list = "root:x:0:0:root:/root:/bin/sh\nbroken:x:7\nann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n";
    EXPECT_EQ(home_in_list_of_users(list, 1000), "/home/ann");
    EXPECT_EQ(home_in_list_of_users(list, 0), "/root");
    EXPECT_EQ(home_in_list_of_users(list, 7), "");
    EXPECT_EQ(home_in_list_of_users(list, 100), "");
}

TEST(CloneDirectory, IsWhereKrunctlWasBuilt) { EXPECT_EQ(clone_directory(), KRUN_SOURCE_DIR); }

} // namespace
} // namespace krun
