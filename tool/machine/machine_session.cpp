// SPDX-License-Identifier: MIT
// One loop around poll(2); see machine_session.hpp.
#include "machine/machine_session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "machine/frame_decoder.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

constexpr int tick_ms = 100;              // how soon an interrupt or a new window size is noticed
constexpr char leave_key = '\x1d';        // Ctrl-], as telnet has it
constexpr std::chrono::seconds grace{20}; // for the kernel to stop after its command has ended

class MachineSession
{
  public:
    MachineSession(QemuProcess &qemu, const SessionRequest &request) : qemu_(qemu), request_(request) {}

    Result<SessionEnd> run()
    {
        while (!qemu_ended_) {
            wait_for_something();
            TRY(take_line());
            if (write_error_ != 0)
                return failure(fmt::format("cannot pass the guest's output on: {}", std::strerror(write_error_)));
            if (input_ready_)
                take_input();
            follow_terminal_size();
            send_outgoing();
            if (interrupt_requested())
                end_.interrupted = true;
            if (end_.interrupted || time_is_up())
                qemu_.kill();
        }
        terminal_.reset();
        end_.greeted = decoder_.greeted();
        end_.qemu_status = qemu_.wait();
        return end_;
    }

  private:
    using Clock = std::chrono::steady_clock;

    bool wants_input() const
    {
        return request_.input != GuestInput::none && decoder_.greeted() && !input_ended_ && credit_ > 0 && !end_.status;
    }

    void wait_for_something()
    {
        std::array<pollfd, 3> waits{{
            {qemu_.line(), static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
            {qemu_.ended(), POLLIN, 0},
            {wants_input() ? STDIN_FILENO : -1, POLLIN, 0},
        }};
        if (poll(waits.data(), waits.size(), tick_ms) < 0)
            return;
        // The end is noted before the line is read, so that the line is read to its end afterwards.
        qemu_ended_ = waits[1].revents != 0;
        input_ready_ = waits[2].revents != 0;
        if ((waits[0].revents & POLLHUP) != 0 && !qemu_ended_)
            std::ignore = poll(&waits[1], 1, tick_ms); // the line is gone a moment before the process
    }

    Result<void> take_line()
    {
        std::array<char, 65536> piece{};
        for (;;) {
            const ssize_t got = read(qemu_.line(), piece.data(), piece.size());
            if (got <= 0)
                return {};
            const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
            TRY(decoder_.feed(bytes, [this](const Frame &frame) { take_frame(frame); }));
            if (interrupt_requested() || write_error_ != 0)
                return {};
        }
    }

    void take_frame(const Frame &frame)
    {
        switch (frame.kind) {
        case KRUN_GUEST_FRAME_HELLO:
            credit_ = KRUN_GUEST_WINDOW;
            if (request_.input == GuestInput::terminal)
                terminal_.emplace(STDIN_FILENO);
            break;
        case KRUN_GUEST_FRAME_OUTPUT:
            pass_on(request_.on_output, STDOUT_FILENO, frame.payload);
            break;
        case KRUN_GUEST_FRAME_ERRORS:
            pass_on(request_.on_errors, STDERR_FILENO, frame.payload);
            break;
        case KRUN_GUEST_FRAME_CREDIT:
            credit_ += frame_number(frame.payload);
            break;
        case KRUN_GUEST_FRAME_STATUS:
            end_.status = static_cast<int>(frame_number(frame.payload));
            status_came_ = Clock::now();
            break;
        default:
            break;
        }
    }

    void pass_on(const std::function<void(const std::string &)> &handler, int descriptor, std::string_view bytes)
    {
        if (handler)
            return handler(std::string(bytes));
        while (!bytes.empty() && write_error_ == 0) {
            const ssize_t written = write(descriptor, bytes.data(), bytes.size());
            if (written >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno == EAGAIN) { // our caller's stdout does not block: wait as if it did
                pollfd wait{descriptor, POLLOUT, 0};
                std::ignore = poll(&wait, 1, tick_ms);
            } else if (errno != EINTR) {
                write_error_ = errno;
            }
            if (interrupt_requested())
                return;
        }
    }

    void take_input()
    {
        std::array<char, KRUN_GUEST_WINDOW> piece{};
        const ssize_t got = read(STDIN_FILENO, piece.data(), std::min(credit_, piece.size()));
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        if (got <= 0) {
            input_ended_ = true;
            outgoing_ += encoded_frame(KRUN_GUEST_FRAME_END, {});
            return;
        }
        const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
        if (request_.input == GuestInput::terminal && bytes.find(leave_key) != std::string_view::npos) {
            end_.interrupted = true;
            return;
        }
        outgoing_ += encoded_frame(KRUN_GUEST_FRAME_INPUT, bytes);
        credit_ -= bytes.size();
    }

    void follow_terminal_size()
    {
        if (!terminal_)
            return;
        if (const auto size = terminal_size(STDIN_FILENO); size != size_) {
            size_ = size;
            outgoing_ += encoded_size_frame(size.first, size.second);
        }
    }

    void send_outgoing()
    {
        if (outgoing_.empty())
            return;
        const ssize_t written = write(qemu_.line(), outgoing_.data(), outgoing_.size());
        if (written > 0)
            outgoing_.erase(0, static_cast<std::size_t>(written));
        else if (written < 0 && errno == EPIPE)
            outgoing_.clear(); // QEMU is about to end
    }

    bool time_is_up()
    {
        const auto now = Clock::now();
        if (end_.status)
            return now - status_came_ > grace;
        if (!request_.timeout || now - started_ < *request_.timeout)
            return false;
        end_.timed_out = true;
        return true;
    }

    QemuProcess &qemu_;
    const SessionRequest &request_;
    SessionEnd end_;
    FrameDecoder decoder_;
    std::optional<RawTerminal> terminal_;
    std::string outgoing_;
    std::size_t credit_ = 0;
    bool input_ended_ = false;
    bool qemu_ended_ = false;
    bool input_ready_ = false;
    int write_error_ = 0;
    std::pair<unsigned, unsigned> size_{0, 0};
    Clock::time_point started_ = Clock::now();
    Clock::time_point status_came_;
};

} // namespace

Result<SessionEnd> run_session(QemuProcess &qemu, const SessionRequest &request)
{
    return MachineSession(qemu, request).run();
}

} // namespace krun
