// SPDX-License-Identifier: MIT
// The report of a port in words.
#pragma once

#include <string>

#include "porting/port_report.hpp"

namespace krun
{

// The table of all hunks, the notes and the count, for the terminal.
std::string report_table(const PortReport &report);

// What is missing and where to look for its place: hooks/PORTING.md.
std::string porting_notes(const PortReport &report);

// One short paragraph for each missing hunk, for the terminal.
std::string missing_in_short(const PortReport &report);

} // namespace krun
