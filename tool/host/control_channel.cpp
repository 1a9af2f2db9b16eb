// SPDX-License-Identifier: MIT
#include "host/control_channel.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "util/system_error.hpp"

namespace krun
{

namespace
{

constexpr std::size_t longest_line = 4096;

// Both ends are opened, so that neither waits for the other, and the channel does not end with a writer.
Result<OwnedDescriptor> open_fifo(const std::string &path)
{
    OwnedDescriptor fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.is_open())
        return system_failure("open", path, errno);
    struct stat status = {};
    if (fstat(fd.get(), &status) != 0 || !S_ISFIFO(status.st_mode))
        return usage_error(path + " is no FIFO", fmt::format("mkfifo {}", path));
    return fd;
}

Result<OwnedDescriptor> take_descriptor(const std::string &text)
{
    int number = -1;
    const char *end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < 0)
        return usage_error(fmt::format("--control: {} is no descriptor's number", text));
    OwnedDescriptor ours(fcntl(number, F_DUPFD_CLOEXEC, 3));
    if (!ours.is_open())
        return usage_error(fmt::format("--control: the descriptor {} is not open", number));
    const int flags = fcntl(ours.get(), F_GETFL);
    if (flags < 0 || fcntl(ours.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return system_failure("use descriptor", text, errno);
    return ours;
}

} // namespace

Result<ControlChannel> ControlChannel::open(const std::string &where)
{
    const auto colon = where.find(':');
    const auto kind = where.substr(0, colon);
    if (colon == std::string::npos || (kind != "fifo" && kind != "fd"))
        return usage_error(fmt::format("--control: {} names neither a FIFO nor a descriptor", where),
                           "--control fifo:COMMANDS[,ACKNOWLEDGEMENTS], or fd:NUMBER[,NUMBER]");
    const auto names = where.substr(colon + 1);
    const auto comma = names.find(',');
    const auto open_one = kind == "fifo" ? open_fifo : take_descriptor;
    ControlChannel channel;
    auto commands = open_one(names.substr(0, comma));
    if (!commands)
        return tl::unexpected(commands.error());
    channel.commands_ = std::move(*commands);
    if (comma == std::string::npos)
        return channel;
    auto acknowledgements = open_one(names.substr(comma + 1));
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
            return line;
        }
        char piece[512];
        const ssize_t size = read(commands_.get(), piece, sizeof(piece));
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return {};
        pending_.append(piece, static_cast<std::size_t>(size));
        if (pending_.size() > longest_line && pending_.find('\n') == std::string::npos)
            pending_.clear(); // no command is that long
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
