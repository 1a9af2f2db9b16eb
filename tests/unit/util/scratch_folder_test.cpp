// SPDX-License-Identifier: MIT
#include "util/scratch_folder.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "fakes/temporary_folder.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::StartsWith;
using testing::UnorderedElementsAre;

TEST(ScratchFolder, IsThereWhileItLivesAndGoneAfterwards)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    const auto parent = folder.path() / "run";
    std::filesystem::path path;
    {
        const auto scratch = ScratchFolder::make(files, parent, "machine");
        ASSERT_TRUE(scratch);
        path = scratch->path();
        EXPECT_THAT(path.filename().string(), StartsWith("machine-"));
        EXPECT_TRUE(files.write(path / "image", "text"));
        const auto other = ScratchFolder::make(files, parent, "publish");
        ASSERT_TRUE(other);
        EXPECT_NE(other->path(), path);
        EXPECT_TRUE(files.exists(path / "image")); // the other one has not taken it for abandoned
    }
    EXPECT_THAT(files.list(parent).value(), ElementsAre("lock"));
}

TEST(ScratchFolder, OfAKilledOwnerAndOfAnEarlierVersionIsRemovedByTheNext)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    const auto owner = fork();
    if (owner == 0) {
        std::optional<Result<ScratchFolder>> scratch;
        scratch.emplace(ScratchFolder::make(files, folder.path(), "machine"));
        kill(getpid(), SIGKILL);
    }
    ASSERT_EQ(waitpid(owner, nullptr, 0), owner);
    ASSERT_EQ(files.list(folder.path()).value().size(), 2U); // it, and the lock
    std::filesystem::create_directories(folder.path() / "1-0");
    const auto scratch = ScratchFolder::make(files, folder.path(), "machine");
    ASSERT_TRUE(scratch);
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("lock", scratch->path().filename().string()));
}

TEST(ScratchFolder, InAFolderOfEverybodysOnlyWhatAKilledOwnerHasLeftIsRemoved)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    std::filesystem::create_directories(folder.path() / "somebody-elses");
    ASSERT_TRUE(files.make_directories(folder.path() / "krunctl-x-left"));
    ASSERT_TRUE(files.make_directories(folder.path() / "krunctl-x-new"));
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2);
    std::filesystem::last_write_time(folder.path() / "krunctl-x-left", long_ago);
    const auto scratch = ScratchFolder::make_in_public(files, folder.path(), "krunctl-x").value();
    ScratchFolder::remove_abandoned_in_public(files, folder.path(), "krunctl-x");
    EXPECT_THAT(files.list(folder.path()).value(),
                UnorderedElementsAre(scratch.path().filename().string(), "somebody-elses", "krunctl-x-new"));
}

TEST(ScratchFolder, OfADryRunIsOnlyAName)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    EXPECT_EQ(ScratchFolder::shown(files, folder.path(), "krunctl-x").path(), folder.path() / "krunctl-x-XXXXXX");
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre());
}

// Each process is number 1 in its namespace, as in a container, and sees none of the others.
TEST(ScratchFolder, OfFourContainersThatShareTheFolderAreFourAndStayUntilTheirOwnersEnd)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    constexpr int containers = 4;
    std::array<int, 2> ready{};
    std::array<int, 2> leave{};
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(leave.data(), O_CLOEXEC), 0);
    std::vector<pid_t> started;
    for (int number = 0; number < containers; ++number) {
        started.push_back(fork());
        if (started.back() != 0)
            continue;
        close(leave[1]);
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0 && unshare(CLONE_NEWPID) != 0)
            _exit(77);
        const auto inside = fork();
        if (inside < 0)
            _exit(77);
        if (inside == 0) {
            const auto scratch = ScratchFolder::make(files, folder.path(), "machine");
            const bool written = scratch && getpid() == 1 && files.write(scratch->path() / "image", "text").has_value();
            char word = written ? 'r' : 'f';
            std::ignore = write(ready[1], &word, 1);
            std::ignore = read(leave[0], &word, 1); // until the test closes its end
            _exit(scratch && files.exists(scratch->path() / "image") ? 0 : 1);
        }
        close(ready[1]);
        int status = 0;
        waitpid(inside, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    close(ready[1]);
    int made = 0;
    for (char word = 0; read(ready[0], &word, 1) == 1;) {
        made += word == 'r' ? 1 : 0;
        if (made == containers)
            break;
    }
    const auto names = files.list(folder.path()).value();
    close(leave[1]);
    bool possible = true;
    for (const auto pid : started) {
        int status = 0;
        waitpid(pid, &status, 0);
        ASSERT_TRUE(WIFEXITED(status));
        possible = possible && WEXITSTATUS(status) != 77;
        EXPECT_TRUE(!possible || WEXITSTATUS(status) == 0);
    }
    if (!possible)
        GTEST_SKIP() << "this machine lets nobody make a process namespace";
    EXPECT_EQ(made, containers);
    EXPECT_EQ(names.size(), 1U + containers);
}

} // namespace
} // namespace krun
