// SPDX-License-Identifier: MIT
#include "link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace
{

void store_number(char *to, std::uint32_t value)
{
    for (int byte = 0; byte < 4; ++byte)
        to[byte] = static_cast<char>((value >> (8 * byte)) & 0xffU);
}

std::uint32_t load_number(const char *from)
{
    std::uint32_t value = 0;
    for (int byte = 0; byte < 4; ++byte)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[byte])) << (8 * byte);
    return value;
}

} // namespace

bool HostLink::open()
{
    descriptor_ = ::open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (descriptor_ < 0)
        return false;
    termios settings{};
    // A port without hardware can be opened too; only this call tells the difference.
    if (tcgetattr(descriptor_, &settings) != 0)
        return false;
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
    settings.c_cc[VMIN] = 0; // reads never wait: poll() says when there is data
    settings.c_cc[VTIME] = 0;
    cfsetspeed(&settings, B115200);
    return tcsetattr(descriptor_, TCSANOW, &settings) == 0;
}

void HostLink::write_all(std::string_view bytes) const
{
    while (!bytes.empty()) {
        const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return; // the port is gone; the host notices that no status comes
        }
    }
}

void HostLink::send(krun_guest_frame kind, std::string_view payload) const
{
    do {
        const std::size_t size = std::min<std::size_t>(payload.size(), KRUN_GUEST_PAYLOAD_MAX);
        std::string frame(KRUN_GUEST_HEADER_SIZE, '\0');
        frame[0] = static_cast<char>(kind);
        store_number(&frame[4], static_cast<std::uint32_t>(size));
        frame.append(payload.substr(0, size));
        write_all(frame);
        payload.remove_prefix(size);
    } while (!payload.empty());
}

void HostLink::send_number(krun_guest_frame kind, std::uint32_t value) const
{
    std::array<char, 4> payload{};
    store_number(payload.data(), value);
    send(kind, std::string_view(payload.data(), payload.size()));
}

void HostLink::receive(const FrameHandler &handler)
{
    std::array<char, KRUN_GUEST_PAYLOAD_MAX> piece{};
    ssize_t got = 0;
    while ((got = read(descriptor_, piece.data(), piece.size())) > 0)
        buffered_.append(piece.data(), static_cast<std::size_t>(got));
    std::size_t used = 0;
    while (buffered_.size() - used >= KRUN_GUEST_HEADER_SIZE) {
        const std::size_t size = load_number(&buffered_[used + 4]);
        if (buffered_.size() - used < KRUN_GUEST_HEADER_SIZE + size)
            break;
        const auto kind = static_cast<krun_guest_frame>(buffered_[used]);
        handler(kind, std::string_view(buffered_).substr(used + KRUN_GUEST_HEADER_SIZE, size));
        used += KRUN_GUEST_HEADER_SIZE + size;
    }
    buffered_.erase(0, used);
}

void HostLink::drain() const { tcdrain(descriptor_); }
