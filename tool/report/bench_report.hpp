// SPDX-License-Identifier: MIT
// What `krunctl bench` has found: as tables on a terminal, and as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/counter_ways.hpp"
#include "host/machine_facts.hpp"
#include "host/read_costs.hpp"

namespace krun
{

struct BenchRow {
    int way = -1;      // enum krunc_way; -1: no reading of counters, but something to compare them with
    std::string name;  // "device rendezvous", "system call"
    std::string scope; // "CPUs", "thread"; empty without a way
    std::string what;  // of a baseline: what it is
    unsigned cpus = 0; // in a reading; 0: the thread alone
    std::vector<std::string> counters;
    std::string error; // why its readings ended early; empty if they did not
    ReadCost cost;
};

struct BenchResult {
    MachineFacts machine;
    int cpu = 0;                // where all was measured
    std::uint64_t readings = 0; // that were asked for
    std::uint64_t tsc_hz = 0;   // 0: not known, and nothing is told in ns
    bool tsc_invariant = false;
    std::vector<BenchRow> ways;
    std::vector<BenchRow> baselines;
    std::vector<MissingWay> missing;
};

// One way that is missing in both scopes for the same reason is one row.
struct MissingRow {
    std::string name;
    std::string scopes; // "CPUs and thread"
    std::string reason;
    std::string remedy;
};

std::vector<MissingRow> missing_rows(const BenchResult &result);
std::vector<const BenchRow *> all_rows(const BenchResult &result); // baselines first

struct CostFigure {
    const char *name;
    const char *key; // in JSON
    std::uint64_t Distribution::*value;
};
inline constexpr std::array cost_figures = {
    CostFigure{"min", "min", &Distribution::min}, CostFigure{"p50", "p50", &Distribution::p50},
    CostFigure{"p99", "p99", &Distribution::p99}, CostFigure{"p99.9", "p999", &Distribution::p999},
    CostFigure{"max", "max", &Distribution::max}};

// The cells of two tables, which the terminal and the page have: way, scope, readings and all figures; and way, scope,
// CPUs, interrupts with readings and without, their kinds, counters.
std::vector<std::string> time_cells(const BenchRow &row, const std::function<std::string(std::uint64_t)> &shown);
std::vector<std::string> disturbance_cells(const BenchRow &row);

// Nothing where the frequency is not known.
std::optional<double> nanoseconds(const BenchResult &result, std::uint64_t ticks);
std::string short_number(double number); // "0.41", "12.3", "1,234"

// Which interrupts came beyond those of the control: "CAL 3.00, RES 0.25" a reading.
std::string kinds_of_interrupts(const OtherCpus &others);

std::string bench_report(const BenchResult &result);
nlohmann::json bench_json(const BenchResult &result);

// What `krunctl bench` has found as one page of HTML that needs nothing else: no script, no network, no font.

std::string bench_page(const BenchResult &result);

// The distributions of `krunctl bench` as pictures: SVG elements to be put into a page whose style sheet has the
// colours.
//
// Classes: "grid" and "axis" are lines, "plot-text" is text, "mark" a quantile. A way's elements have "way-N", N
// counted from 0 in the order of the library's ways, and "base" is for the baselines.

// A histogram for each row below the other, over one logarithmic axis of time.
std::string histogram_plot(const BenchResult &result);

// The share of readings that took longer than a time, both axes logarithmic: the tail is what spoils a benchmark.
std::string tail_plot(const BenchResult &result);

} // namespace krun
