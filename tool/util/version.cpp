// SPDX-License-Identifier: MIT
// The version of this tool; in its own file, so that a new version recompiles one.
#include "util/version.hpp"

namespace krun
{

std::string tool_version() { return KRUN_VERSION; }

} // namespace krun
