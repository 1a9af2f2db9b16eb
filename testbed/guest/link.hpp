// SPDX-License-Identifier: MIT
// The guest's end of the serial line to krunctl (protocol.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol.h"

class HostLink
{
  public:
    using FrameHandler = std::function<void(krun_guest_frame kind, std::string_view payload)>;

    // False when there is no second serial port; errno says why.
    bool open();
    [[nodiscard]] int descriptor() const { return descriptor_; }
    // Blocks until the port has taken everything, however slow the host is; longer payloads become several frames.
    void send(krun_guest_frame kind, std::string_view payload) const;
    void send_number(krun_guest_frame kind, std::uint32_t value) const;
    // Takes what has arrived and calls `handler` for each whole frame.
    void receive(const FrameHandler &handler);
    // Returns when the last byte has left the port.
    void drain() const;

  private:
    void write_all(std::string_view bytes) const;

    int descriptor_ = -1;
    std::string buffered_;
};
