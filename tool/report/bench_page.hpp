// SPDX-License-Identifier: MIT
// What `krunctl bench` has found as one page of HTML that needs nothing else: no script, no network, no font.
#pragma once

#include <string>

#include "report/bench_report.hpp"

namespace krun
{

std::string bench_page(const BenchResult &result);

} // namespace krun
