// SPDX-License-Identifier: MIT
// Kernel lines: what is proven of them, and the tables and JSON about them.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hooks/fitting.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// What the tests have proven of a kernel line on this machine: which version came through all stages, and when.
// tests/runner writes it.

struct Proof {
    std::string version; // of the source package, "6.12.117-1"
    std::string release; // what uname -r said
    std::string date;    // "2026-07-30", UTC
    std::string hooks;   // SHA-256 of what was put into the source
    std::string overlay;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Proof, version, release, date, hooks, overlay)

std::filesystem::path proof_file(const std::string &line); // in the cache
// Nothing when there is none that can be read.
std::optional<Proof> read_proof(Filesystem &files, const std::filesystem::path &file);

// "6.12.117" of the package version "1:6.12.117-1~deb12u1": without epoch and Debian's revision.
std::string upstream_version(const std::string &package_version);

// Whether `newest` is newer than the upstream version `tested` and than the package version `proven`. An empty one is
// older than any. dpkg compares.
Result<bool> is_untried(ProcessRunner &runner, const std::string &newest, const std::string &tested,
                        const std::string &proven);

// What `krunctl lines` shows of each kernel line.

struct LineSummary {
    std::string line;
    std::string newest;      // version in the archive; empty: not known
    std::string tested;      // upstream version that the project has tested
    std::string proven;      // version that was last proven on this machine; empty: none
    std::string proven_date; // "2026-07-30"
    unsigned hooks = 0;      // changed lines
    std::string source;      // package
    std::string state;
    bool untried = false; // the newest is newer than what was tested and what was proven
};

std::string line_list_table(const std::vector<LineSummary> &lines);
nlohmann::ordered_json line_list_json(const std::vector<LineSummary> &lines);

// How far a kernel line got in a test run: a row of the table at its end.

enum class Outcome { not_reached, ok, failed };

struct LineStatus {
    std::string line;
    std::string version; // of the source package; empty: not known
    Outcome apply = Outcome::not_reached;
    Outcome configure = Outcome::not_reached;
    Outcome build = Outcome::not_reached;
    Outcome boot = Outcome::not_reached;
    Outcome selftests = Outcome::not_reached;
    Outcome tickless = Outcome::not_reached;
    std::string rate; // interrupts and preemptions a second on a busy CPU, as measured; empty: not measured
};

struct LineStage {
    const char *name;
    Outcome LineStatus::*outcome;
};
inline constexpr std::array line_stages = { // in the order in which a line goes through them
    LineStage{"apply", &LineStatus::apply},         LineStage{"configure", &LineStatus::configure},
    LineStage{"build", &LineStatus::build},         LineStage{"boot", &LineStatus::boot},
    LineStage{"selftests", &LineStatus::selftests}, LineStage{"tickless", &LineStatus::tickless}};

bool all_ok(const LineStatus &status);

std::string line_status_table(const std::vector<LineStatus> &lines);
nlohmann::ordered_json line_status_json(const std::vector<LineStatus> &lines);

// How a kernel tree would take the hooks: what `krunctl lines TREE` shows.

struct TreeFit {
    std::string tree;    // as the person named it
    std::string version; // "5.15.215"
    std::string line;    // whose configuration it would get
    FittedHooks hooks;
};

std::string tree_fit_text(const TreeFit &fit);
nlohmann::ordered_json tree_fit_json(const TreeFit &fit);

} // namespace krun
