// SPDX-License-Identifier: MIT
// krunctl watch: what every CPU does, live. On a terminal the table is redrawn in place, elsewhere the tables follow
// one another.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/live_watch.hpp"
#include "commands/option_values.hpp"
#include "host/counter_session.hpp"
#include "host/system_host.hpp"
#include "util/interrupt.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

struct WatchArguments {
    WatchOptions options;
    std::string cpus;
    std::string way;
};

CounterRequest request_of(const WatchArguments &arguments)
{
    CounterRequest request;
    if (!arguments.cpus.empty())
        request.cpus = cpu_list_value("--cpus", arguments.cpus);
    request.way = way_named(arguments.way);
    return request;
}

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

void add_watch_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("watch", "Show what every CPU does live, until Ctrl-C");
    auto arguments = std::make_shared<WatchArguments>();
    auto &options = arguments->options;
    accept_range(command->add_option("--count", options.count, "Stop after N readings")->type_name("N"), 1U);
    accept_range(command->add_option("--interval", options.interval, "Wait SECONDS between readings")
                     ->type_name("SECONDS")
                     ->capture_default_str(),
                 0.01, 3600.0);
    refuse_empty(command->add_option("--cpus", arguments->cpus, "Show only these CPUs, as in 0,2-5")
                     ->type_name("LIST")
                     ->default_str("all online CPUs"));
    accept_choices(command->add_option("--way", arguments->way, "Read the counters in this way only")
                       ->type_name("WAY")
                       ->default_str("the best that is available"),
                   way_names());
    command->add_flag("--json", options.json, "Print one JSON object per reading, each on its own line");
    command->callback([&context, arguments] {
        SystemHost host(context.runner);
        const auto session = unwrap(CounterSession::open(host, request_of(*arguments)));
        tell(session->notes());
        context.exit_code = unwrap(LiveWatch(*session, arguments->options).run());
        // Without --count, Ctrl-C is the way to stop.
        if (interrupt_requested() && arguments->options.count != 0)
            context.exit_code = ExitCode::interrupted;
    });
}

} // namespace krun
