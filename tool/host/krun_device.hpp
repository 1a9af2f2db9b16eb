// SPDX-License-Identifier: MIT
// /dev/krun, asked once.
#pragma once

#include <vector>

namespace krun
{

// Plans APERF, MPERF and core cycles of every possible CPU and samples them; 0 or an errno. ENXIO if one of `online`
// has not answered.
int sample_krun_device(const std::vector<int> &online);

} // namespace krun
