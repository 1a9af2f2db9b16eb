// SPDX-License-Identifier: MIT
// How many files this process may have open.
//
// Theory: perf takes a descriptor for each counter and CPU. The usual limit is 1024, for the sake of programs that use
// select(2); every process may raise its own to the hard limit. krunctl does, and the programs that it starts have the
// limit that krunctl was started with.
#pragma once

namespace krun
{

void raise_open_file_limit(); // to the hard limit; before counters are opened

// In a child process, before exec. It calls nothing that may not be called after fork().
void restore_open_file_limit_for_exec();

} // namespace krun
