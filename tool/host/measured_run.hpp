// SPDX-License-Identifier: MIT
// A command between two samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <krun/counters.hpp>

#include "host/energy.hpp"
#include "host/measured_command.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Context switches of the command's tasks.
struct TaskSwitches {
    std::uint64_t voluntary = 0;
    std::uint64_t involuntary = 0;
    std::string tasks = {}; // who they are; another text: some have come or gone
    bool is_alone = false;  // known to have no children
};

struct MeasuredRun {
    std::optional<int> not_run; // errno why the command could not be executed; nothing below then
    int status = 0;             // its exit status; 128 + the signal that ended it
    double seconds = 0;         // while it was measured
    double user_seconds = 0;
    double system_seconds = 0;
    unsigned windows = 0;            // in which it was measured; without a control channel, 1
    std::vector<int> bound;          // that it was bound to at its end; empty if to none, see cpu_sets.hpp
    std::vector<krunc_delta> deltas; // one for each CPU, all windows added up
    std::optional<TaskSwitches> switches;
    std::vector<EnergyReading> energy; // consumed
};

bool is_bound_to(const MeasuredRun &run, std::uint32_t cpu);

// `files` say who may run where. `control`: null to measure from the beginning to the end; otherwise the command says
// when. An error with exit code 2 when the command cannot be bound, 130 when Ctrl-C came before it was started.
Result<MeasuredRun> measure_command(const MeasuredCommand &command, Filesystem &files, krunc::Session &session,
                                    Energy &energy, ControlChannel *control);

// Of two stretches of time, one after the other: `sum` becomes both.
void add_delta(krunc_delta &sum, const krunc_delta &more, std::uint64_t tsc_hz);

// Of all tasks of a process that lives; nothing if it does not.
std::optional<TaskSwitches> switches_of_process(int pid);
// In the text of /proc/PID/status.
std::optional<TaskSwitches> parse_switches(const std::string &status);

} // namespace krun
