// SPDX-License-Identifier: MIT
// A command that waits until it is to be measured, and the channel by which it tells when.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "util/child_process.hpp"
#include "util/result.hpp"

namespace krun
{

// How a measured program says when to count: perf's words, on a FIFO or a descriptor (perf-stat(1), --control).

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

// A process that is ready to become a command: it has been made and bound, and waits for the word.

struct MeasuredCommand {
    std::vector<std::string> arguments;
    std::vector<int> pin; // CPUs to bind it to; empty: it is left alone
};

// While it lives, Ctrl-C and its like, and the ends of children, wait until wait() lets them in: none can come between
// a look at what has happened and going to sleep.
class SignalsOnlyInWait
{
  public:
    SignalsOnlyInWait();
    SignalsOnlyInWait(const SignalsOnlyInWait &) = delete;
    SignalsOnlyInWait &operator=(const SignalsOnlyInWait &) = delete;
    ~SignalsOnlyInWait();

    // Until a signal has come or the descriptor is readable; a negative one never is.
    void wait(int descriptor) const;
    [[nodiscard]] const sigset_t &usual() const { return before_; }

  private:
    sigset_t before_{};
    sigset_t in_wait_{};
    struct sigaction child_before_ {
    };
};

class WaitingProcess
{
  public:
    static Result<WaitingProcess> make(const MeasuredCommand &command, const SignalsOnlyInWait &signals);

    [[nodiscard]] int pid() const { return pid_; }
    Result<void> start(); // it becomes the command, or fails, which failure() tells afterwards
    void give_up();       // it ends

    struct Failure {
        enum class Step : int { bind, become } step;
        int error;
    };
    // Why it did not become the command; nothing if it did.
    [[nodiscard]] std::optional<Failure> failure() const;

  private:
    int pid_ = -1;
    OwnedDescriptor go_;       // a byte starts it
    OwnedDescriptor failures_; // why it could not be, or its end
};

} // namespace krun
