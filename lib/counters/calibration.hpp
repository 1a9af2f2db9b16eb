// SPDX-License-Identifier: MIT
#pragma once

#include <krun/counters.h>

namespace krunc
{

// facts.least and facts.median; 0 or -errno.
int calibrate(krunc_session &session);

} // namespace krunc
