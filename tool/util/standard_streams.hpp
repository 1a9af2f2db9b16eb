// SPDX-License-Identifier: MIT
// stdin, stdout and stderr as the caller left them: they may be closed, full, or have no reader any more.
#pragma once

#include "util/result.hpp"

namespace krun
{

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
