// SPDX-License-Identifier: MIT
// Ctrl-C, SIGTERM and their like as a flag; see interrupt.hpp.
#include "util/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace krun
{
namespace
{

// Atomic, as any thread may look, and lock-free, as a handler may use nothing else.
std::atomic<int> received = 0;
std::atomic<int> held = 0;
std::atomic<int> to_pass_on = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int number, siginfo_t *info, void *)
{
    received = number;
    if (info->si_code <= 0) // of a process: what the kernel sends has a code of its own
        to_pass_on = number;
}

constexpr int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool pipe_signal_is_ours = false; // we ignore SIGPIPE, our caller did not

bool is_ignored(int number)
{
    struct sigaction present = {};
    return sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

} // namespace

void install_interrupt_handlers()
{
    struct sigaction action = {};
    action.sa_sigaction = remember_signal;
    action.sa_flags = SA_SIGINFO;
    // No SA_RESTART: a blocked poll() or flock() comes back with EINTR, so that its caller sees the flag at once.
    sigemptyset(&action.sa_mask);
    for (const int number : ours) {
        if (!is_ignored(number))
            sigaction(number, &action, nullptr);
    }
    // A reader that is gone is an error of write(), not the end of krunctl.
    pipe_signal_is_ours = !is_ignored(SIGPIPE);
    action.sa_flags = 0;
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
    // Of a caller that ignores SIGCHLD we would inherit that our children's statuses are thrown away.
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, nullptr);
}

void restore_signals_for_exec()
{
    if (pipe_signal_is_ours)
        signal(SIGPIPE, SIG_DFL);
    for (const int number : ours) {
        if (!is_ignored(number))
            signal(number, SIG_DFL); // exec does so too, but what comes before it would be lost in our handler
    }
}

bool interrupt_requested() { return received != 0 && held == 0; }

bool interrupt_noted() { return received != 0; }

HeldInterrupts::HeldInterrupts() { ++held; }

HeldInterrupts::~HeldInterrupts() { --held; }

int interrupt_signal() { return received; }

int take_signal_to_pass_on() { return to_pass_on.exchange(0); }

} // namespace krun
