// SPDX-License-Identifier: MIT
#include "util/descriptor.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace krun
{

OwnedDescriptor::OwnedDescriptor(OwnedDescriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {}

OwnedDescriptor &OwnedDescriptor::operator=(OwnedDescriptor &&other) noexcept
{
    std::swap(number_, other.number_);
    return *this;
}

void OwnedDescriptor::reset()
{
    if (number_ >= 0)
        close(number_);
    number_ = -1;
}

bool make_pipe(Pipe &pipe)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pipe.read_end = OwnedDescriptor(ends[0]);
    pipe.write_end = OwnedDescriptor(ends[1]);
    return true;
}

bool write_whole(int descriptor, const void *data, std::size_t size)
{
    const auto *rest = static_cast<const char *>(data);
    while (size > 0) {
        const ssize_t written = write(descriptor, rest, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        rest += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

bool read_message(int descriptor, void *data, std::size_t size)
{
    ssize_t got = 0;
    do
        got = read(descriptor, data, size);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        errno = EIO; // the other side ended before it had said everything
    return got == static_cast<ssize_t>(size);
}

} // namespace krun
