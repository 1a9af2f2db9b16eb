// SPDX-License-Identifier: MIT
// The library's facts and differences as JSON, in the names that stat, watch and bench share.
//
// A name ends with its unit: _s, _ns, _ticks (of the TSC), _hz, _j, _count, _ratio, _per_s. What is missing is left
// out.
#pragma once

#include <krun/counters.h>
#include <nlohmann/json.hpp>

namespace krun
{

nlohmann::json facts_json(const krunc_facts &facts);
nlohmann::json delta_json(const krunc_delta &delta);

// The ways back, for a reader of krunctl's own output. Of facts: the way, and whether the machine is a virtual one.
// Both throw nlohmann::json::exception.
krunc_facts facts_from(const nlohmann::json &json);
krunc_delta delta_from(const nlohmann::json &json);

} // namespace krun
