// SPDX-License-Identifier: MIT
// Ctrl-C, SIGTERM and their like as a flag: long work looks at it between steps and cleans up after itself.
#pragma once

namespace krun
{

// Once, in main(). A signal that the caller has set to be ignored stays so: nohup, or a job in the background.
void install_interrupt_handlers();
void restore_signals_for_exec(); // in a child process: what the caller had, as ignored signals survive exec
bool interrupt_requested();      // always false while a HeldInterrupts lives
bool interrupt_noted();          // in that time too
int interrupt_signal();          // the signal that came, 0 when none has
// A signal that a process has sent to krunctl alone, for all that one knows; 0: none since the last call. What a
// terminal sends reaches krunctl's children as well.
int take_signal_to_pass_on();

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
