// SPDX-License-Identifier: MIT
// krunctl watch: live per-CPU counters. On a terminal the table is redrawn in place, elsewhere the tables follow one
// another.
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "host/checks.hpp"
#include "host/system_host.hpp"
#include "report/counter_report.hpp"
#include "util/interrupt.hpp"

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

// In short naps, so that Ctrl-C is answered at once.
void wait(double seconds)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end && !interrupt_requested())
        std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(std::chrono::milliseconds(50),
                                                                            end - std::chrono::steady_clock::now()));
}

void watch(Host &host, const WatchOptions &options)
{
    const std::vector<int> online = host.online_cpus();
    const int cpus = online.empty() ? 1 : online.back() + 1;
    require(host.configure_counters(cpus));
    require(host.reset_counters(cpus));
    const bool redraw = !options.json && isatty(STDOUT_FILENO) != 0;
    std::optional<CounterReading> previous;
    for (unsigned number = 1; !interrupt_requested(); number++) {
        CounterReading reading;
        require(host.read_counters(cpus, reading));
        if (options.json) {
            fmt::print("{}\n", counter_json(static_cast<int>(number), reading).dump());
        } else {
            if (redraw && number > 1)
                fmt::print("\x1b[{}A\x1b[J", cpus + 2);
            fmt::print("reading {}\n{}", number, counter_table(reading, previous ? &*previous : nullptr));
        }
        std::fflush(stdout);
        if (number == options.count)
            return;
        previous = std::move(reading);
        wait(options.interval);
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
    command->add_flag("--json", options->json, "Print one JSON object a line, one for each reading");
    command->callback([&context, options] {
        SystemHost host(context.runner);
        watch(host, *options);
        // Without --count, Ctrl-C is how one ends it.
        if (interrupt_requested() && options->count != 0)
            context.exit_code = ExitCode::interrupted;
    });
}

} // namespace krun
