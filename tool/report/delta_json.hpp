// SPDX-License-Identifier: MIT
// The library's facts and differences as JSON: units are in the names, what is missing is left out.
#pragma once

#include <krun/counters.h>
#include <nlohmann/json.hpp>

namespace krun
{

nlohmann::json facts_json(const krunc_facts &facts);
nlohmann::json delta_json(const krunc_delta &delta);

} // namespace krun
