// SPDX-License-Identifier: MIT
// The host's end of the line to testbed/disk's krun-agent, which runs commands in the guest as root.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "machine/qemu_process.hpp"

namespace krun
{

enum class AgentEnd {
    answered, // the command ended, `status` is its own
    greeted,  // the agent greeted instead: the guest was reset, or its agent was
    stopped,  // the machine is gone
    timed_out,
};

struct AgentAnswer {
    AgentEnd end = AgentEnd::timed_out;
    int status = -1;
    std::string output; // stdout and stderr
};

class GuestAgent
{
  public:
    // `qemu` must outlive it.
    explicit GuestAgent(QemuProcess &qemu) : qemu_(qemu) {}

    // What a script in the guest tells by `echo event NAME >/dev/ttyS1`.
    std::function<void(const std::string &)> on_event;

    // Until the agent greets; a greeting that came in the meantime counts.
    AgentEnd wait_for_greeting(std::chrono::seconds limit);
    AgentAnswer run(const std::string &script, std::chrono::seconds limit);
    // Until the machine stops by itself.
    AgentEnd wait_for_stop(std::chrono::seconds limit);

  private:
    using Clock = std::chrono::steady_clock;

    std::optional<std::string> next_line(Clock::time_point deadline);
    bool send(const std::string &text, Clock::time_point deadline);
    void wait(short events, Clock::time_point deadline);

    QemuProcess &qemu_;
    std::string received_;
    unsigned number_ = 0;
    bool greeted_ = false;
    bool stopped_ = false;
};

} // namespace krun
