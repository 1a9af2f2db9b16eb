// SPDX-License-Identifier: MIT
// This process: its signals, its standard streams, and how many files it may have open.
#pragma once

#include "util/result.hpp"

namespace krun
{

// Ctrl-C, SIGTERM and their like as a flag: long work looks at it between steps and cleans up after itself.

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

// How many files this process may have open.
//
// Theory: perf takes a descriptor for each counter and CPU. The usual limit is 1024, for the sake of programs that use
// select(2); every process may raise its own to the hard limit. krunctl does, and the programs that it starts have the
// limit that krunctl was started with.

void raise_open_file_limit(); // to the hard limit; before counters are opened

// In a child process, before exec. It calls nothing that may not be called after fork().
void restore_open_file_limit_for_exec();

// stdin, stdout and stderr as the caller left them: they may be closed, full, or have no reader any more.

// First thing in main(): whatever of the three is closed becomes /dev/null, so that no file or pipe of ours gets its
// number. A closed stdout stays a stream that cannot be written to: results that nobody can read are an error, as with
// the programs of GNU. A closed stderr takes everything and shows nothing.
void open_standard_streams();

// Last thing in main(): what is still buffered for stdout goes out. An Error when any of it was lost.
Result<void> finish_output();

// True when nobody will ever read what is written to stdout: `krunctl watch | head -1`. Waits up to so long for it.
bool output_lost_its_reader(int milliseconds);

// For a command that has no end of its own, and ends with its reader: no error comes of it any more.
void abandon_output();

} // namespace krun
