// SPDX-License-Identifier: MIT
// Ctrl-C and SIGTERM as a flag; see interrupt.hpp.
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
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int number) { received = number; }

} // namespace

void install_interrupt_handlers()
{
    struct sigaction action = {};
    action.sa_handler = remember_signal;
    // No SA_RESTART: a blocked poll() or flock() comes back with EINTR, so that its caller sees the flag at once.
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGHUP, &action, nullptr);
    // A reader that went away is an error of write(), not the end of krunctl.
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

bool interrupt_requested() { return received != 0 && held == 0; }

bool interrupt_noted() { return received != 0; }

HeldInterrupts::HeldInterrupts() { ++held; }

HeldInterrupts::~HeldInterrupts() { --held; }

int interrupt_signal() { return received; }

} // namespace krun
