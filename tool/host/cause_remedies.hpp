// SPDX-License-Identifier: MIT
// What a person can do about what makes the kernel run on a CPU.
#pragma once

#include <string>
#include <vector>

#include "host/cause_trace.hpp"

namespace krun
{

// Of the most frequent causes; something general if nothing is known of any.
std::string remedies_for(const std::vector<Cause> &causes);

} // namespace krun
