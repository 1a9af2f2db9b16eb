// SPDX-License-Identifier: MIT
// How a measured program says when to count: perf's words, on a FIFO or a descriptor (perf-stat(1), --control).
#pragma once

#include <optional>
#include <string>

#include "util/child_process.hpp"
#include "util/result.hpp"

namespace krun
{

class ControlChannel
{
  public:
    // fifo:COMMANDS[,ACKS] or fd:NUMBER[,NUMBER]
    static Result<ControlChannel> open(const std::string &where);

    // Readable when there may be a command; -1 once there can be none any more.
    [[nodiscard]] int descriptor() const { return commands_.get(); }
    // A line that has arrived, without its end; nothing if there is none now. Never waits.
    std::optional<std::string> next();
    // That the command has been carried out.
    void acknowledge();

  private:
    OwnedDescriptor commands_;
    OwnedDescriptor acknowledgements_;
    std::string pending_;
    bool too_long_ = false; // the line that is arriving
};

} // namespace krun
