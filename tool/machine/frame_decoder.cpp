// SPDX-License-Identifier: MIT
// The host's half of the guest protocol; see frame_decoder.hpp.
#include "machine/frame_decoder.hpp"

#include <fmt/format.h>

namespace krun
{
namespace
{

bool carries_text(char kind) { return kind == KRUN_GUEST_FRAME_OUTPUT || kind == KRUN_GUEST_FRAME_ERRORS; }

bool carries_a_number(char kind) { return kind == KRUN_GUEST_FRAME_CREDIT || kind == KRUN_GUEST_FRAME_STATUS; }

void append_number(std::string &text, std::uint32_t value, int bytes)
{
    for (int byte = 0; byte < bytes; ++byte)
        text += static_cast<char>((value >> (8 * byte)) & 0xffU);
}

} // namespace

std::uint32_t frame_number(std::string_view payload)
{
    std::uint32_t value = 0;
    for (std::size_t byte = 0; byte < 4 && byte < payload.size(); ++byte)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(payload[byte])) << (8 * byte);
    return value;
}

std::string encoded_frame(krun_guest_frame kind, std::string_view payload)
{
    std::string frame(1, static_cast<char>(kind));
    frame.append(3, '\0');
    append_number(frame, static_cast<std::uint32_t>(payload.size()), 4);
    frame += payload;
    return frame;
}

std::string encoded_size_frame(unsigned rows, unsigned columns)
{
    std::string payload;
    append_number(payload, rows, 2);
    append_number(payload, columns, 2);
    return encoded_frame(KRUN_GUEST_FRAME_SIZE, payload);
}

bool FrameDecoder::find_greeting()
{
    static const std::string greeting = encoded_frame(KRUN_GUEST_FRAME_HELLO, KRUN_GUEST_HELLO);
    if (const auto at = buffered_.find(greeting); at != std::string::npos) {
        buffered_.erase(0, at + greeting.size());
        greeted_ = true;
    } else if (buffered_.size() >= greeting.size()) {
        buffered_.erase(0, buffered_.size() - (greeting.size() - 1)); // it may have begun in what is kept
    }
    return greeted_;
}

Result<void> FrameDecoder::feed(std::string_view bytes, const Handler &handler)
{
    const bool was_greeted = greeted_;
    buffered_ += bytes;
    if (!greeted_ && !find_greeting())
        return {};
    if (!was_greeted)
        handler({KRUN_GUEST_FRAME_HELLO, KRUN_GUEST_HELLO});
    std::size_t used = 0;
    while (buffered_.size() - used >= KRUN_GUEST_HEADER_SIZE) {
        const std::string_view rest = std::string_view(buffered_).substr(used);
        const std::size_t size = frame_number(rest.substr(4, 4));
        const char kind = rest.front();
        const bool fits = carries_text(kind) ? size <= KRUN_GUEST_PAYLOAD_MAX : carries_a_number(kind) && size == 4;
        if (!fits || rest.substr(1, 3) != std::string_view("\0\0\0", 3))
            return failure(
                fmt::format("the guest's serial line sent something that is not a frame (first byte {:#04x})",
                            static_cast<unsigned char>(kind)),
                "does a program in the guest write to /dev/ttyS1?");
        if (rest.size() < KRUN_GUEST_HEADER_SIZE + size)
            break;
        handler({static_cast<krun_guest_frame>(kind), rest.substr(KRUN_GUEST_HEADER_SIZE, size)});
        used += KRUN_GUEST_HEADER_SIZE + size;
    }
    buffered_.erase(0, used);
    return {};
}

} // namespace krun
