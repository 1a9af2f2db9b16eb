// SPDX-License-Identifier: MIT
// krunctl watch: live per-CPU counters. On a terminal the table is redrawn in place, elsewhere the tables follow one
// another.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "host/checks.hpp"
#include "host/counter_reader.hpp"
#include "host/system_host.hpp"
#include "report/counter_report.hpp"
#include "util/interrupt.hpp"
#include "util/standard_streams.hpp"

namespace krun
{

namespace
{

struct WatchOptions {
    unsigned count = 0; // 0: until Ctrl-C
    double interval = 1.0;
    bool json = false;
};

void require(int error)
{
    if (error == 0)
        return;
    const Explanation why = explain_krun_errno(error);
    throw UserError(Error{ExitCode::host_lacks, "the counters cannot be read: " + why.detail, why.remedy, {}});
}

// In short naps, so that Ctrl-C takes effect at once. False when there is nobody left to read.
bool wait(double seconds)
{
    constexpr double nap = 50; // milliseconds
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!interrupt_requested()) {
        const std::chrono::duration<double, std::milli> left = end - std::chrono::steady_clock::now();
        if (left.count() <= 0)
            break;
        if (output_lost_its_reader(static_cast<int>(std::ceil(std::min(nap, left.count())))))
            return false;
    }
    return true;
}

void watch(Host &host, const WatchOptions &options)
{
    CounterReader counters(host);
    require(counters.start());
    const bool redraw = !options.json && isatty(STDOUT_FILENO) != 0;
    std::optional<CounterReading> previous;
    std::ptrdiff_t lines_shown = 0; // CPUs come and go
    for (unsigned number = 1; !interrupt_requested(); number++) {
        CounterReading reading;
        require(counters.read(reading));
        auto text = options.json ? counter_json(static_cast<int>(number), reading).dump() + "\n"
                                 : fmt::format("reading {}\n{}", number,
                                               counter_table(reading, previous ? &*previous : nullptr));
        if (redraw && number > 1)
            text.insert(0, fmt::format("\x1b[{}A\x1b[J", lines_shown));
        lines_shown = std::count(text.begin(), text.end(), '\n');
        std::fputs(text.c_str(), stdout); // fmt::print() would throw when there is no reader
        const bool written = std::fflush(stdout) == 0;
        if (number == options.count)
            return;
        previous = std::move(reading);
        if (!written || !wait(options.interval)) {
            // Without --count, that is how a pipeline ends it. Else main() reports what could not be written.
            if (options.count == 0 && output_lost_its_reader(0))
                abandon_output();
            return;
        }
    }
}

} // namespace

void add_watch_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("watch", "Show the counters of every CPU live, until Ctrl-C");
    auto options = std::make_shared<WatchOptions>();
    command->add_option("--count", options->count, "Stop after so many readings")->check(CLI::PositiveNumber);
    command->add_option("--interval", options->interval, "Seconds between readings")
        ->check(CLI::Range(0.01, 3600.0))
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print one JSON object per reading, one per line");
    command->callback([&context, options] {
        SystemHost host(context.runner);
        watch(host, *options);
        // Without --count, Ctrl-C is the way to stop.
        if (interrupt_requested() && options->count != 0)
            context.exit_code = ExitCode::interrupted;
    });
}

} // namespace krun
