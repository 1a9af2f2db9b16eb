// SPDX-License-Identifier: MIT
// Ctrl-C and SIGTERM as a flag: long work looks at it between steps and cleans up after itself.
#pragma once

namespace krun
{

void install_interrupt_handlers(); // once, in main()
bool interrupt_requested();        // always false while a HeldInterrupts lives
bool interrupt_noted();            // in that time too
int interrupt_signal();            // the signal that came, 0 when none has

// For work that must not be cut in two: the programs that it runs are not ended by Ctrl-C, and it asks
// interrupt_noted() between its steps.
class HeldInterrupts
{
  public:
    HeldInterrupts();
    HeldInterrupts(const HeldInterrupts &) = delete;
    HeldInterrupts &operator=(const HeldInterrupts &) = delete;
    ~HeldInterrupts();
};

} // namespace krun
