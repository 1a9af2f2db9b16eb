// SPDX-License-Identifier: MIT
// The distributions of `krunctl bench` as pictures: SVG elements to be put into a page whose style sheet has the
// colours.
//
// Classes: "grid" and "axis" are lines, "plot-text" is text, "mark" a quantile. A way's elements have "way-N", N
// counted from 0 in the order of the library's ways, and "base" is for the baselines.
#pragma once

#include <string>

#include "report/bench_report.hpp"

namespace krun
{

// A histogram for each row below the other, over one logarithmic axis of time.
std::string histogram_plot(const BenchResult &result);

// The share of readings that took longer than a time, both axes logarithmic: the tail is what spoils a benchmark.
std::string tail_plot(const BenchResult &result);

// "way-2", "base".
std::string plot_class(const BenchRow &row);

} // namespace krun
