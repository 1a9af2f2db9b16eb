// SPDX-License-Identifier: MIT
// The time between QEMU's start and its end: passes bytes between the guest's command and the caller.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "machine/frame_decoder.hpp"
#include "machine/qemu_process.hpp"
#include "util/terminal.hpp"

namespace krun
{

// What feeds the command's stdin; the words in the guest's mode file say the same.
enum class GuestInput { none, pipe, terminal };

struct SessionRequest {
    GuestInput input = GuestInput::none;
    std::optional<std::chrono::seconds> timeout;
    std::function<void(const std::string &)> on_output; // unset: our own stdout
    std::function<void(const std::string &)> on_errors; // unset: our own stderr
};

struct SessionEnd {
    bool greeted = false;      // the guest's init was reached
    std::optional<int> status; // the command's own exit status
    bool timed_out = false;
    bool interrupted = false;
    int qemu_status = 0;
};

class MachineSession
{
  public:
    MachineSession(QemuProcess &qemu, SessionRequest request);
    // Runs until QEMU has ended, by itself or by us. An Error: nonsense on the line, or our stdout is gone.
    Result<SessionEnd> run();

  private:
    using Clock = std::chrono::steady_clock;

    void wait_for_something();
    bool wants_input() const;
    void take_input();
    void follow_terminal_size();
    Result<void> take_line();
    void take_frame(const Frame &frame);
    void send_outgoing();
    void pass_on(const std::function<void(const std::string &)> &handler, int descriptor, std::string_view bytes);
    bool time_is_up();

    QemuProcess &qemu_;
    SessionRequest request_;
    SessionEnd end_;
    FrameDecoder decoder_;
    std::unique_ptr<RawTerminal> terminal_;
    std::string outgoing_;
    std::size_t credit_ = 0;
    bool input_ended_ = false;
    bool qemu_ended_ = false;
    bool line_ready_ = false;
    bool input_ready_ = false;
    int write_error_ = 0;
    std::pair<unsigned, unsigned> size_{0, 0};
    Clock::time_point started_ = Clock::now();
    Clock::time_point status_came_;
};

} // namespace krun
