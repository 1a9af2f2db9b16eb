// SPDX-License-Identifier: MIT
// Nothing that a run has started outlives it.
#pragma once

namespace krun
{

// From now on whoever loses its parent below us becomes our child.
void adopt_strays();
// Ends all children: asks first, kills those that are still there some seconds later.
void end_strays();

} // namespace krun
