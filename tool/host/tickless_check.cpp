// SPDX-License-Identifier: MIT
#include "host/checks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "host/cause_trace.hpp"
#include "host/cpu_sets.hpp"
#include "host/krun_world.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// Interrupts of all kinds, and preemptions, a second; docs/design/tickless.md says what is left of them.
constexpr double tickless_limit = 1.0;
constexpr const char *nohz_full = "/sys/devices/system/cpu/nohz_full";
constexpr const char *off_command_line =
    "remove nohz_full= and isolcpus= from the kernel command line (/etc/default/grub)";

CheckResult one_cpu_only()
{
    return finding(CheckStatus::skip, "the only CPU has to keep the time", "use a machine with two CPUs or more");
}

std::vector<int> nohz_full_cpus(Host &host)
{
    return parse_cpu_list(host.file(nohz_full).value_or("")).value_or(std::vector<int>{});
}

// The adaptive-tick CPUs were chosen by the kernel's command line.
bool chosen_by_user(Host &host)
{
    const std::vector<std::string> words = words_of(host.file("/proc/cmdline").value_or(""));
    return std::any_of(words.begin(), words.end(), [](const std::string &word) {
        return word.starts_with("nohz_full=") ||
               (word.starts_with("isolcpus=") && word.find("nohz") != std::string::npos);
    });
}

struct Watched {
    Disturbance seen; // in the quietest window, or in all of them
    std::vector<double> rates;
    double judged = 0;
};

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Result<Watched> watch_all(Host &host, int cpu, Load load, const Windows &windows)
{
    Watched watched;
    for (int window = 0; window < windows.count; ++window) {
        const auto disturbance = host.disturbance_while_busy(cpu, load, windows.seconds, true);
        if (!disturbance && watched.rates.empty())
            return tl::unexpected(disturbance.error());
        if (!disturbance) // what has been measured counts
            break;
        watched.rates.push_back(disturbance->rate());
        watched.seen += *disturbance;
    }
    watched.judged = median(watched.rates);
    return watched;
}

// What is not quiet is watched once more, by the kernel's tracepoints.
Result<Watched> watch_for_quiet(Host &host, int cpu, Load load, const Windows &windows)
{
    std::optional<Disturbance> quietest;
    Watched watched;
    for (int window = 0; window < windows.count && (!quietest || quietest->total() != 0); ++window) {
        auto disturbance = TRY(host.disturbance_while_busy(cpu, load, windows.seconds, false));
        watched.rates.push_back(disturbance.rate());
        if (!quietest || disturbance.total() < quietest->total())
            quietest = std::move(disturbance);
    }
    watched.seen = *quietest;
    watched.judged = quietest->rate();
    if (quietest->total() == 0)
        return watched;
    if (const auto traced = host.disturbance_while_busy(cpu, load, windows.seconds, true)) {
        watched.seen.traced = traced->traced;
        watched.seen.causes = traced->causes;
        watched.seen.trace_is_cut = traced->trace_is_cut;
    }
    return watched;
}

std::string detail_of(const Watched &watched, int cpu, const Windows &windows)
{
    auto detail = fmt::format("{:.1f} interrupts and preemptions a second on busy CPU {} (limit {:.0f})",
                              watched.judged, cpu, tickless_limit);
    if (windows.all) {
        const auto [least, most] = std::minmax_element(watched.rates.begin(), watched.rates.end());
        detail += fmt::format(", the median of {} windows of {:g} seconds: {:.2f} to {:.2f}", watched.rates.size(),
                              windows.seconds, *least, *most);
    }
    const Disturbance &seen = watched.seen;
    if (seen.total() == 0)
        return detail;
    detail += fmt::format("; in {:g} seconds: {}", seen.seconds, described(seen));
    const char *cut = seen.trace_is_cut ? " (of what the trace remembers: there was more)" : "";
    if (!seen.causes.empty())
        return fmt::format("{}; caused by: {}{}", detail, described(seen.causes), cut);
    if (!seen.traced)
        return detail + "; causes unknown: no permission to trace, or a kernel without tracepoints";
    return fmt::format("{}; nothing came when it was traced{}", detail, cut);
}

} // namespace

CheckResult check_nohz_full(Host &host)
{
    std::vector<int> expected = host.possible_cpus();
    if (expected.empty())
        return unknown("/sys does not say which CPUs are possible", "mount /sys");
    if (expected.size() < 2)
        return one_cpu_only();
    std::erase(expected, 0);
    if (!host.file(nohz_full))
        return missing("this kernel has no adaptive ticks (CONFIG_NO_HZ_FULL)",
                       "build the kernel with krunctl build, which sets it");
    const std::vector<int> found = nohz_full_cpus(host);
    if (found == expected)
        return pass(format_cpu_list(found));
    const std::string detail = fmt::format("{}, expected {}", format_cpu_list(found), format_cpu_list(expected));
    if (found.empty() && world_of(host) != KrunWorld::patched)
        return missing(
            "none, as on every kernel that is not told on its command line",
            fmt::format("boot with nohz_full={0} rcu_nocbs={0}, or boot the Krun kernel", format_cpu_list(expected)));
    if (chosen_by_user(host))
        return missing(detail + ": the kernel command line has chosen them", off_command_line);
    return fail(detail, off_command_line);
}

CheckResult check_tickless(Host &host, Load load, const Windows &windows)
{
    const std::vector<int> online = host.online_cpus();
    const std::vector<int> adaptive = nohz_full_cpus(host);
    if (host.possible_cpus().size() == 1 && adaptive.empty())
        return one_cpu_only();
    if (adaptive.empty())
        return finding(world_of(host) == KrunWorld::patched && !chosen_by_user(host) && host.file(nohz_full)
                           ? CheckStatus::fail
                           : CheckStatus::missing,
                       "there is no adaptive-tick CPU", "see the check of the nohz_full CPUs");
    CheckResult last =
        unknown(fmt::format("no adaptive-tick CPU is online: CPU {} could not be measured", format_cpu_list(adaptive)),
                "bring one online: echo 1 > /sys/devices/system/cpu/cpuN/online");
    for (auto cpu = adaptive.rbegin(); cpu != adaptive.rend(); ++cpu) {
        if (std::find(online.begin(), online.end(), *cpu) == online.end())
            continue;
        const auto watched =
            windows.all ? watch_all(host, *cpu, load, windows) : watch_for_quiet(host, *cpu, load, windows);
        if (!watched) {
            last = unknown("could not be measured: " + watched.error().message, watched.error().hint);
            continue;
        }
        const std::string detail = detail_of(*watched, *cpu, windows);
        CheckResult result =
            watched->judged <= tickless_limit ? pass(detail) : fail(detail, remedies_for(watched->seen.causes));
        result.rates = watched->rates;
        return result;
    }
    return last;
}

} // namespace krun
