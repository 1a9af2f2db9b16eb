// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/checks.hpp"
#include "host/krun_world.hpp"

namespace krun
{

std::string check_verdict(const std::vector<CheckResult> &results); // "all good", or how much is broken or missing
nlohmann::json check_json(const std::string &kernel_release, KrunWorld world, const std::vector<CheckResult> &results);
// The check called `id` in what check_json() wrote; nothing when it is not there, or the text is something else.
std::optional<CheckResult> check_in_json(const std::string &report, const std::string &id);

} // namespace krun
