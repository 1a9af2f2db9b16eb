// SPDX-License-Identifier: MIT
// The loop of `krunctl watch`; see live_watch.hpp.
//
// Each reading is about the time since the one before. The first comes soon, so that nobody sits before an empty
// screen, and so does the one after CPUs have come or gone where that means to begin anew.
#include "commands/live_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "report/activity_report.hpp"
#include "util/interrupt.hpp"
#include "util/progress.hpp"
#include "util/standard_streams.hpp"

namespace krun
{

namespace
{

constexpr double soon = 0.25;           // seconds
constexpr double nap = 50;              // milliseconds; Ctrl-C and a new size of the terminal take effect at once
constexpr std::size_t most_kept = 1000; // messages: a counter may get smaller all the time

} // namespace

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
    if (auto started = meter_.start(); !started)
        return started;
    bool read_on = wait(std::min(soon, options_.interval), nullptr);
    for (unsigned number = 1; read_on && !interrupt_requested(); number++) {
        const auto anew = meter_.follow();
        if (!anew)
            return tl::unexpected(anew.error());
        if (*anew && !wait(std::min(soon, options_.interval), nullptr))
            break;
        const auto reading = meter_.read();
        if (!reading)
            return tl::unexpected(reading.error());
        read_on = show(*reading);
        report(reading->decreases);
        if (number == options_.count)
            return {};
        read_on = read_on && wait(options_.interval, &*reading);
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
    if (!watched)
        return tl::unexpected(std::move(watched.error()));
    return decreased_ ? ExitCode::answer_is_no : ExitCode::done;
}

} // namespace krun
