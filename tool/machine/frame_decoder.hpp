// SPDX-License-Identifier: MIT
// The host's half of testbed/guest/protocol.h: bytes from the serial line to frames, and frames to bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "../../testbed/guest/protocol.h"
#include "util/result.hpp"

namespace krun
{

struct Frame {
    krun_guest_frame kind;
    std::string_view payload; // valid during the handler's call only
};

class FrameDecoder
{
  public:
    using Handler = std::function<void(const Frame &)>;

    // Takes bytes in pieces of any size and calls `handler` for each frame that is whole. Bytes before the
    // hello frame belong to nobody and are skipped; bytes that cannot be a frame after it are an Error.
    Result<void> feed(std::string_view bytes, const Handler &handler);
    // True after the hello frame.
    [[nodiscard]] bool greeted() const { return greeted_; }

  private:
    bool find_greeting();

    bool greeted_ = false;
    std::string buffered_;
};

std::string encoded_frame(krun_guest_frame kind, std::string_view payload);
std::string encoded_size_frame(unsigned rows, unsigned columns);
// The number in a four-byte payload (CREDIT, STATUS).
std::uint32_t frame_number(std::string_view payload);

} // namespace krun
