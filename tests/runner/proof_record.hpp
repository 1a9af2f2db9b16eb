// SPDX-License-Identifier: MIT
// Puts on record which version of a kernel line is proven; `krunctl lines` reads it.
#pragma once

#include "report/line_report.hpp"

namespace krun
{

// In one step: a reader finds the older proof or this one.
Result<void> write_proof(Filesystem &files, const std::filesystem::path &file, const Proof &proof);

std::string date_of_today();

} // namespace krun
