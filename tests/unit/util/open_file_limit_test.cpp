// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/own_process.hpp"
#include "util/process.hpp"

namespace krun
{
namespace
{

constexpr rlim_t soft = 200;

rlimit limit()
{
    rlimit found{};
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &found), 0);
    return found;
}

// In a child process, which keeps its limit to itself.
int in_child(int (*look)())
{
    const auto pid = fork();
    if (pid == 0) {
        const rlimit low{soft, limit().rlim_max};
        _exit(setrlimit(RLIMIT_NOFILE, &low) == 0 ? look() : 77);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(OpenFileLimitTest, IsRaisedToTheHardLimitAndRestored)
{
    EXPECT_EQ(in_child([] {
                  restore_open_file_limit_for_exec(); // nothing has been raised
                  if (limit().rlim_cur != soft)
                      return 1;
                  raise_open_file_limit();
                  raise_open_file_limit(); // which remembers the first one
                  if (limit().rlim_cur != limit().rlim_max)
                      return 2;
                  restore_open_file_limit_for_exec();
                  return limit().rlim_cur == soft ? 0 : 3;
              }),
              0);
}

TEST(OpenFileLimitTest, OfProgramsIsWhatItWas)
{
    EXPECT_EQ(in_child([] {
                  raise_open_file_limit();
                  SystemProcessRunner runner;
                  Command command;
                  command.argv = {"sh", "-c", "ulimit -Sn"};
                  const auto result = runner.run(command);
                  return result && result->output == "200\n" ? 0 : 1;
              }),
              0);
}

} // namespace
} // namespace krun
