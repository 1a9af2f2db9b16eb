// SPDX-License-Identifier: MIT
// The time between QEMU's start and its end: passes bytes between the guest's command and the caller.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "machine/qemu_process.hpp"
#include "util/result.hpp"

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

// Passes bytes until QEMU has ended, by itself or by us. An Error: nonsense on the line, or our stdout is gone.
Result<SessionEnd> run_session(QemuProcess &qemu, const SessionRequest &request);

} // namespace krun
