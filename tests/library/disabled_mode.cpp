// SPDX-License-Identifier: MIT
// The one file of the test program in which libkruncounters is disabled: see disabled_test.cpp.
#define KRUNC_DISABLE
#include "every_name.hpp"

#include "disabled_mode.hpp"

DisabledMode use_every_name_disabled()
{
    const EveryName used = use_every_name();
    return {used.opened, used.sampled, used.readings, used.deltas, used.has_own, used.texts};
}
