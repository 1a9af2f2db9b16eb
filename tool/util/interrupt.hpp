// SPDX-License-Identifier: MIT
// Ctrl-C and SIGTERM as a flag: long work looks at it between steps and cleans up after itself.
#pragma once

namespace krun
{

void install_interrupt_handlers(); // once, in main()
bool interrupt_requested();
int interrupt_signal(); // the signal that came, 0 when none has

} // namespace krun
