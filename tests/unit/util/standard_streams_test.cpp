// SPDX-License-Identifier: MIT
#include "util/own_process.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace krun
{
namespace
{

// In a child process, as the test's own streams must stay. Returns what `work` does; no output of it is seen.
template <class Work> int status_in_child(Work work)
{
    const auto pid = fork();
    if (pid == 0)
        _exit(work());
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StandardStreams, WhatIsClosedBecomesDevNullSoThatNoOtherFileGetsItsNumber)
{
    EXPECT_EQ(status_in_child([] {
                  for (const int stream : {0, 1, 2})
                      close(stream);
                  open_standard_streams();
                  const int file = open("/dev/null", O_RDONLY);
                  char byte = 'x';
                  if (file < 3)
                      return 1;
                  if (read(0, &byte, 1) != 0)
                      return 2;
                  if (write(1, &byte, 1) != -1 || errno != EBADF)
                      return 3;
                  return write(2, &byte, 1) == 1 ? 0 : 4;
              }),
              0);
}

TEST(StandardStreams, WhatIsOpenStaysAsItIs)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    EXPECT_EQ(status_in_child([&ends] {
                  dup2(ends[1], 1);
                  close(0);
                  open_standard_streams();
                  return write(1, "x", 1) == 1 ? 0 : 1;
              }),
              0);
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    close(ends[0]);
    close(ends[1]);
}

TEST(StandardStreams, AReaderThatIsGoneIsNoticedWithoutWriting)
{
    EXPECT_EQ(status_in_child([] {
                  std::array<int, 2> ends{};
                  if (pipe(ends.data()) != 0 || dup2(ends[1], 1) < 0)
                      return 1;
                  close(ends[1]);
                  if (output_lost_its_reader(10))
                      return 2;
                  close(ends[0]);
                  return output_lost_its_reader(10'000) ? 0 : 3;
              }),
              0);
    EXPECT_EQ(status_in_child([] {
                  const int file = open("/dev/null", O_WRONLY);
                  dup2(file, 1);
                  return output_lost_its_reader(10) ? 1 : 0;
              }),
              0);
}

TEST(StandardStreams, LostOutputIsAnErrorUntilItIsAbandoned)
{
    EXPECT_EQ(status_in_child([] {
                  const int full = open("/dev/full", O_WRONLY);
                  dup2(full, 1);
                  std::fputs("text", stdout);
                  const auto written = finish_output();
                  if (written || written.error().code != ExitCode::failure ||
                      written.error().message.find("No space left") == std::string::npos)
                      return 1;
                  abandon_output();
                  return finish_output() ? 0 : 2;
              }),
              0);
}

} // namespace
} // namespace krun
