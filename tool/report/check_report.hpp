// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/checks.hpp"

namespace krun
{

std::string check_report(const std::vector<CheckResult> &results); // one line each, with the remedy below a bad one
nlohmann::json check_json(const std::string &kernel_release, const std::vector<CheckResult> &results);

} // namespace krun
