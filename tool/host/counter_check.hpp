// SPDX-License-Identifier: MIT
// The check whether every counter increases on every CPU that is online.
#pragma once

#include "host/checks.hpp"

namespace krun
{

CheckResult check_counters(Host &host);

} // namespace krun
