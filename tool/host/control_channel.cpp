// SPDX-License-Identifier: MIT
#include "host/control_channel.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "util/system_error.hpp"

namespace krun
{

namespace
{

constexpr std::size_t longest_line = 4096;

// Both ends are opened, so that neither waits for the other, and the channel does not end with a writer.
Result<OwnedDescriptor> open_fifo(const std::string &path, int)
{
    OwnedDescriptor fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.is_open())
        return system_failure("open", path, errno);
    struct stat status = {};
    if (fstat(fd.get(), &status) != 0 || !S_ISFIFO(status.st_mode))
        return usage_error(path + " is no FIFO", fmt::format("mkfifo {}", path));
    return fd;
}

bool allows(int flags, int access) { return (flags & O_ACCMODE) == O_RDWR || (flags & O_ACCMODE) == access; }

// Of `number`, for O_RDONLY or O_WRONLY, without changing what others see who have it, too: a command that waits for an
// acknowledgement on the same open FIFO must go on to wait. Only a pipe or FIFO can be opened anew.
OwnedDescriptor own_copy(int number, int access)
{
    struct stat status = {};
    if (fstat(number, &status) == 0 && S_ISFIFO(status.st_mode)) {
        OwnedDescriptor anew(::open(fmt::format("/proc/self/fd/{}", number).c_str(), access | O_NONBLOCK | O_CLOEXEC));
        if (anew.is_open())
            return anew;
    }
    OwnedDescriptor copy(fcntl(number, F_DUPFD_CLOEXEC, 3));
    fcntl(copy.get(), F_SETFL, fcntl(copy.get(), F_GETFL) | O_NONBLOCK);
    return copy;
}

Result<OwnedDescriptor> take_descriptor(const std::string &text, int access)
{
    int number = -1;
    const char *end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < 0)
        return usage_error(fmt::format("--control: \"{}\" is no descriptor's number", text));
    const int flags = fcntl(number, F_GETFL);
    if (flags < 0)
        return usage_error(fmt::format("--control: the descriptor {} is not open", number));
    if (!allows(flags, access))
        return usage_error(
            fmt::format("--control: the descriptor {} cannot be {}", number, access == O_RDONLY ? "read" : "written"));
    auto ours = own_copy(number, access);
    if (!ours.is_open())
        return system_failure("use descriptor", text, errno);
    return ours;
}

} // namespace

Result<ControlChannel> ControlChannel::open(const std::string &where)
{
    const auto colon = where.find(':');
    const auto kind = where.substr(0, colon);
    if (colon == std::string::npos || (kind != "fifo" && kind != "fd"))
        return usage_error(fmt::format("--control: \"{}\" names neither a FIFO nor a descriptor", where),
                           "--control fifo:COMMANDS[,ACKNOWLEDGEMENTS], or fd:NUMBER[,NUMBER]");
    const auto names = where.substr(colon + 1);
    const auto comma = names.find(',');
    const auto open_one = kind == "fifo" ? open_fifo : take_descriptor;
    ControlChannel channel;
    auto commands = open_one(names.substr(0, comma), O_RDONLY);
    if (!commands)
        return tl::unexpected(commands.error());
    channel.commands_ = std::move(*commands);
    if (comma == std::string::npos)
        return channel;
    auto acknowledgements = open_one(names.substr(comma + 1), O_WRONLY);
    if (!acknowledgements)
        return tl::unexpected(acknowledgements.error());
    channel.acknowledgements_ = std::move(*acknowledgements);
    return channel;
}

std::optional<std::string> ControlChannel::next()
{
    for (;;) {
        const auto end = pending_.find('\n');
        if (end != std::string::npos) {
            auto line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            if (!std::exchange(too_long_, false))
                return line;
            continue;
        }
        if (pending_.size() > longest_line) {
            pending_.clear(); // no command is that long, nor is its end one
            too_long_ = true;
        }
        char piece[512];
        const ssize_t size = read(commands_.get(), piece, sizeof(piece));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return {};
        if (size <= 0) {
            // It has no writer any more. poll() would say so without an end.
            commands_.reset();
            return {};
        }
        pending_.append(piece, static_cast<std::size_t>(size));
    }
}

void ControlChannel::acknowledge()
{
    static constexpr std::string_view word = "ack\n";
    // A program that does not read them must not stop us: what does not fit is lost.
    if (acknowledgements_.is_open() && write(acknowledgements_.get(), word.data(), word.size()) < 0)
        return;
}

} // namespace krun
