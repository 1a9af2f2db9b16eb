// SPDX-License-Identifier: MIT
// stdin, stdout and stderr; see standard_streams.hpp.
#include "util/standard_streams.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace krun
{
namespace
{

void open_if_closed(int descriptor, int flags)
{
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF)
        return;
    // The lowest free number is taken, and those below are open by now.
    const int opened = open("/dev/null", flags);
    if (opened >= 0 && opened != descriptor) {
        dup2(opened, descriptor);
        close(opened);
    }
}

} // namespace

void open_standard_streams()
{
    open_if_closed(STDIN_FILENO, O_RDONLY);
    open_if_closed(STDOUT_FILENO, O_RDONLY); // write() fails with EBADF, as it does on the closed descriptor
    open_if_closed(STDERR_FILENO, O_WRONLY);
}

Result<void> finish_output()
{
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return {};
    // An earlier write may have failed, whose reason is gone.
    const auto reason = errno == 0 ? std::string() : ": " + std::generic_category().message(errno);
    return failure("cannot write to stdout" + reason);
}

bool output_lost_its_reader(int milliseconds)
{
    pollfd stream{STDOUT_FILENO, 0, 0}; // errors are told unasked
    return poll(&stream, 1, milliseconds) > 0 && (stream.revents & (POLLERR | POLLHUP)) != 0;
}

void abandon_output()
{
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing < 0)
        return;
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
    std::fflush(stdout);
    std::clearerr(stdout);
}

} // namespace krun
