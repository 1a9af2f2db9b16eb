// SPDX-License-Identifier: MIT
// The kernel's CPU lists, as in /sys/devices/system/cpu/nohz_full: "1-3,5".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace krun
{

// Nothing when the text is not a CPU list; an empty list for "" and "(null)", which the kernel prints for none.
std::optional<std::vector<int>> parse_cpu_list(std::string_view text);
std::string format_cpu_list(const std::vector<int> &cpus); // ascending; "none" when empty

} // namespace krun
