// SPDX-License-Identifier: MIT
#include "machine/guest_image.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/guest_staging.hpp"
#include "machine/kernel_image.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

class GuestStagingTest : public testing::Test
{
  protected:
    static fs::path fresh_folder()
    {
        std::string name = (fs::temp_directory_path() / "krun-test-XXXXXX").string();
        const fs::path made = mkdtemp(name.data());
        fs::create_directories(made / "root");
        return made;
    }
    ~GuestStagingTest() override { fs::remove_all(folder); }

    void make_file(const fs::path &relative, const std::string &text, mode_t mode = 0644)
    {
        fs::create_directories((folder / relative).parent_path());
        std::ofstream(folder / relative) << text;
        chmod((folder / relative).c_str(), mode);
    }

    // "mode owner name" of each entry, as cpio lists the finished archive.
    std::vector<std::string> packed()
    {
        EXPECT_TRUE(staging.pack(folder / "a.cpio.gz"));
        Command list;
        list.argv = {"sh", "-c", "gzip -dc a.cpio.gz | cpio --list --verbose --numeric-uid-gid --quiet"};
        list.directory = folder;
        std::vector<std::string> entries;
        for (const std::string &line : lines_of(runner.run_ok(list)->output)) {
            const auto words = words_of(line);
            if (words.size() >= 9)
                entries.push_back(words[0] + " " + words[2] + " " + words[8]);
        }
        return entries;
    }

    SystemProcessRunner runner;
    SystemFilesystem files;
    const fs::path folder = fresh_folder();
    GuestStaging staging{runner, files, folder / "root"};
};

TEST_F(GuestStagingTest, FilesKeepTheirModeAndBelongToRoot)
{
    make_file("prog", "#!/bin/sh\n", 0755);
    make_file("text", "x", 0640);
    ASSERT_TRUE(staging.copy_in({folder / "prog", "/prog"}));
    ASSERT_TRUE(staging.copy_in({folder / "text", "/opt/text"}));
    EXPECT_EQ(packed(), (std::vector<std::string>{"drwxr-xr-x 0 opt", "-rw-r----- 0 opt/text", "-rwxr-xr-x 0 prog"}));
}

TEST_F(GuestStagingTest, FoldersComeWhole)
{
    make_file("tree/sub/prog", "p", 0700);
    make_file("real", "content");
    fs::create_symlink(folder / "real", folder / "tree/to-file");
    fs::create_symlink("sub", folder / "tree/to-folder");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/opt/"}));
    EXPECT_EQ(*files.read(folder / "root/opt/tree/to-file"), "content");
    EXPECT_FALSE(fs::is_symlink(folder / "root/opt/tree/to-file"));
    EXPECT_EQ(fs::read_symlink(folder / "root/opt/tree/to-folder"), "sub");
    EXPECT_TRUE(fs::exists(folder / "root/opt/tree/sub/prog"));
}

TEST_F(GuestStagingTest, TheUsualNamesOfAFolderAreOneFolder)
{
    EXPECT_EQ(guest_path("/bin/x")->string(), "usr/bin/x");
    EXPECT_EQ(guest_path("/usr/sbin/x")->string(), "usr/bin/x");
    EXPECT_EQ(guest_path("/lib64/ld.so")->string(), "usr/lib64/ld.so");
    EXPECT_EQ(guest_path("/bin")->string(), "usr/bin/");
    EXPECT_EQ(guest_path("/binary")->string(), "binary");
}

TEST_F(GuestStagingTest, PlacesThatCannotHoldFilesAreWrongUsage)
{
    for (const char *target : {"relative", "", "/", "/proc/x", "/dev/x", "/init", "/krun/command", "/opt/../sys/x"}) {
        const auto refused = guest_path(target);
        ASSERT_FALSE(refused) << target;
        EXPECT_EQ(refused.error().code, ExitCode::usage) << target;
    }
}

TEST_F(GuestStagingTest, AMissingSourceIsWrongUsage)
{
    const auto refused = staging.copy_in({folder / "nothing", "/x"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    EXPECT_NE(refused.error().message.find("nothing"), std::string::npos);
}

TEST(TaskFilesTest, AnArgumentMayHoldAnything)
{
    MachineRequest request;
    request.command = {"sh", "-c", "echo 'a b'\n", ""};
    request.environment = {"A=b"};
    const auto files = task_files(request, GuestInput::pipe);
    ASSERT_EQ(files.size(), 3U);
    EXPECT_EQ(files[0].first, "krun/command");
    EXPECT_EQ(files[0].second, std::string("sh\0-c\0echo 'a b'\n\0\0", 19));
    EXPECT_EQ(files[1].second, std::string("A=b\0", 4));
    EXPECT_EQ(files[2].second, "pipe");
}

TEST(KernelImageTest, ATextIsNoKernel)
{
    const auto checked = check_kernel_image("/etc/passwd");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ExitCode::usage);
}

} // namespace
} // namespace krun
