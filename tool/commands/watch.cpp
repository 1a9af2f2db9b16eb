// SPDX-License-Identifier: MIT
// krunctl watch: what every CPU does, live. On a terminal the table is redrawn in place, elsewhere the tables follow
// one another.

#include "commands/watch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/options.hpp"
#include "host/counter_session.hpp"
#include "host/host.hpp"
#include "report/activity_report.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{

namespace
{

constexpr double soon = 0.25;           // seconds
constexpr double nap = 50;              // milliseconds; Ctrl-C and a new size of the terminal take effect at once
constexpr std::size_t most_kept = 1000; // messages: a counter may get smaller all the time

struct WatchArguments {
    WatchOptions options;
    std::string cpus;
    std::string way;
};

// Several ways may need the same, which is said once.
void tell(const std::vector<Note> &notes)
{
    for (std::size_t i = 0; i < notes.size(); i++) {
        say("note: " + notes[i].text);
        const bool again = i + 1 < notes.size() && notes[i + 1].remedy == notes[i].remedy;
        if (!notes[i].remedy.empty() && !again)
            std::fputs(fmt::format("hint: {}\n", notes[i].remedy).c_str(), stderr);
    }
}

} // namespace

// Each reading is about the time since the one before. The first comes soon, so that nobody sits before an empty
// screen, and so does the one after CPUs have come or gone where that means to begin anew.
LiveWatch::LiveWatch(CounterSource &source, const WatchOptions &options)
    : meter_(source), options_(options), text_(!options.json)
{
}

bool LiveWatch::show(const ActivityReading &reading)
{
    return text_.show(options_.json ? activity_json(reading).dump() + "\n" : activity_table(reading, text_.room()));
}

// What `shown` is, is laid out anew when the terminal gets another size. False when there is nobody left to read.
bool LiveWatch::wait(double seconds, const ActivityReading *shown)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!interrupt_requested()) {
        const std::chrono::duration<double, std::milli> left = end - std::chrono::steady_clock::now();
        if (left.count() <= 0)
            break;
        if (output_lost_its_reader(static_cast<int>(std::ceil(std::min(nap, left.count())))))
            return false;
        if (shown != nullptr && text_.is_out_of_shape() && !show(*shown))
            return false;
    }
    return true;
}

// Messages on the terminal would be drawn over, so they wait for the end there.
void LiveWatch::report(const std::vector<CounterDecrease> &decreases)
{
    for (const CounterDecrease &decrease : decreases) {
        decreased_ = true;
        if (!text_.in_place())
            say(decrease_text(decrease));
        else if (kept_.size() < most_kept)
            kept_.push_back(decrease);
        else
            forgotten_++;
    }
}

Result<void> LiveWatch::watch()
{
    TRY(meter_.start());
    bool read_on = wait(std::min(soon, options_.interval), nullptr);
    for (unsigned number = 1; read_on && !interrupt_requested(); number++) {
        if (TRY(meter_.follow()) && !wait(std::min(soon, options_.interval), nullptr))
            break;
        const auto reading = TRY(meter_.read());
        read_on = show(reading);
        report(reading.decreases);
        if (number == options_.count)
            return {};
        read_on = read_on && wait(options_.interval, &reading);
    }
    // Without --count, that is how a pipeline ends it. Else main() reports what could not be written.
    if (!read_on && options_.count == 0 && output_lost_its_reader(0))
        abandon_output();
    return {};
}

Result<ExitCode> LiveWatch::run()
{
    auto watched = watch();
    for (const CounterDecrease &decrease : kept_)
        say(decrease_text(decrease));
    if (forgotten_ != 0)
        say(fmt::format("{} more decreases", forgotten_));
    TRY(std::move(watched));
    return decreased_ ? ExitCode::answer_is_no : ExitCode::done;
}

void add_watch_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("watch", "Show what every CPU does live, until Ctrl-C");
    auto arguments = std::make_shared<WatchArguments>();
    auto &options = arguments->options;
    accept_range(value_option(command, "--count", "N", options.count, "Stop after N readings"), 1U);
    accept_range(value_option(command, "--interval", "SECONDS", options.interval, "Wait SECONDS between readings"),
                 0.01, 3600.0)
        ->capture_default_str();
    refuse_empty(value_option(command, "--cpus", "LIST", arguments->cpus, "Show only these CPUs, as in 0,2-5"))
        ->default_str("all online CPUs");
    accept_choices(value_option(command, "--way", "WAY", arguments->way, "Read the counters in this way only"),
                   way_names())
        ->default_str("the best that is available");
    command->add_flag("--json", options.json, "Print one JSON object per reading, each on its own line");
    command->callback([&context, arguments] {
        SystemHost host(context.runner);
        CounterRequest request;
        if (!arguments->cpus.empty())
            request.cpus = cpu_list_value("--cpus", arguments->cpus);
        request.way = way_named(arguments->way);
        const auto session = unwrap(CounterSession::open(host, request));
        tell(session->notes());
        context.exit_code = unwrap(LiveWatch(*session, arguments->options).run());
        // Without --count, Ctrl-C is the way to stop.
        if (interrupt_requested() && arguments->options.count != 0)
            context.exit_code = ExitCode::interrupted;
    });
}

} // namespace krun
