// SPDX-License-Identifier: MIT
// Why a requested symbol is not in the final configuration.
#pragma once

#include <string>

#include "build/config_values.hpp"
#include "build/kconfig_reader.hpp"

namespace krun
{

// One line: "needs PERF_EVENTS, which is off", "there is no such symbol in this kernel", ...
std::string explain_unmet(const KconfigTree &tree, const ConfigValues &final_values, const std::string &symbol);

} // namespace krun
