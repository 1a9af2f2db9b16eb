// SPDX-License-Identifier: MIT
// Each check is a function that fills in status, detail and remedy; the table at the end gives it its name.
#include "host/checks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "host/counter_check.hpp"
#include "host/cpu_list.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr const char *identity = "kernel-identity";
constexpr double tickless_seconds = 3.0;
constexpr int tickless_windows = 3;
// Interrupts of all kinds, and preemptions, a second; docs/design/tickless.md says what is left of them.
constexpr double tickless_limit = 1.0;
constexpr const char *boot_krun = "boot the Krun kernel: choose it in the boot menu, or make it the default";
constexpr const char *off_command_line =
    "remove nohz_full= and isolcpus= from the kernel command line (/etc/default/grub)";

CheckResult pass(std::string detail) { return {{}, {}, CheckStatus::pass, std::move(detail), {}}; }

CheckResult not_passed(CheckStatus status, std::string detail, std::string remedy)
{
    return {{}, {}, status, std::move(detail), std::move(remedy)};
}

CheckResult fail(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::fail, std::move(detail), std::move(remedy));
}

CheckResult missing(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::missing, std::move(detail), std::move(remedy));
}

CheckResult unknown(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::unknown, std::move(detail), std::move(remedy));
}

CheckResult one_cpu_only()
{
    return not_passed(CheckStatus::skip, "the only CPU has to keep the time", "use a machine with two CPUs or more");
}

struct Call {
    const char *name;
    int error;
};

// For no CPU at all, which succeeds for everybody.
std::array<Call, 3> ask_calls(Host &host)
{
    CounterReading none;
    return {Call{"krun_configure", host.configure_counters(0)}, Call{"krun_reset_msrs", host.reset_counters(0)},
            Call{"krun_read_msrs", host.read_counters(0, none)}};
}

// By what the kernel can do; its name says nothing. An EPERM says nothing either: seccomp filters answer with it for
// numbers that they do not know.
CheckResult check_identity(Host &host)
{
    std::vector<std::string> found;
    const auto calls = ask_calls(host);
    if (std::all_of(calls.begin(), calls.end(), [](const Call &call) { return call.error == 0; }))
        found.emplace_back("system calls 900-902");
    if (host.file("/sys/class/misc/krun/dev"))
        found.emplace_back("/dev/krun");
    if (host.file("/proc/sys/kernel/krun_unprivileged"))
        found.emplace_back("sysctl kernel.krun_unprivileged");
    if (!found.empty())
        return pass(fmt::format("{} has {}", host.kernel_release(), fmt::join(found, ", ")));
    if (calls.front().error == EPERM)
        return unknown(host.kernel_release() + ": the system calls are forbidden, and nothing else tells",
                       "run this outside of the container or without the seccomp filter");
    return missing(host.kernel_release() + " has no Krun system calls and no /dev/krun", boot_krun);
}

CheckResult check_config(Host &host)
{
    const auto config = host.kernel_config();
    if (!config) {
        CheckResult result =
            unknown("neither /proc/config.gz nor /boot/config-" + host.kernel_release() + " can be read",
                    "install the kernel's package, which contains its configuration");
        result.required = false; // what it leads to is measured
        return result;
    }
    const std::vector<std::string> lines = lines_of(*config);
    if (std::find(lines.begin(), lines.end(), "CONFIG_NO_HZ_FULL_ALL=y") != lines.end())
        return pass("CONFIG_NO_HZ_FULL_ALL=y");
    return missing("CONFIG_NO_HZ_FULL_ALL is not set", "build the kernel with krunctl build, which sets it");
}

std::vector<int> nohz_full_cpus(Host &host)
{
    const auto text = host.file("/sys/devices/system/cpu/nohz_full");
    return parse_cpu_list(text.value_or("")).value_or(std::vector<int>{});
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

CheckResult check_nohz_full(Host &host)
{
    std::vector<int> expected = host.possible_cpus();
    if (expected.empty())
        return unknown("/sys does not say which CPUs are possible", "mount /sys");
    if (expected.size() < 2)
        return one_cpu_only();
    expected.erase(std::remove(expected.begin(), expected.end(), 0), expected.end());
    if (!host.file("/sys/devices/system/cpu/nohz_full"))
        return missing("this kernel has no adaptive ticks (CONFIG_NO_HZ_FULL)",
                       "build the kernel with krunctl build, which sets it");
    const std::vector<int> found = nohz_full_cpus(host);
    if (found == expected)
        return pass(format_cpu_list(found));
    const std::string detail = fmt::format("{}, expected {}", format_cpu_list(found), format_cpu_list(expected));
    if (chosen_by_user(host))
        return missing(detail + ": the kernel command line has chosen them", off_command_line);
    return fail(detail, off_command_line);
}

CheckResult check_system_calls(Host &host)
{
    const auto calls = ask_calls(host);
    const auto bad = std::find_if(calls.begin(), calls.end(), [](const Call &call) { return call.error != 0; });
    if (bad == calls.end())
        return pass("krun_read_msrs, krun_reset_msrs and krun_configure answer");
    if (std::all_of(calls.begin(), calls.end(), [](const Call &call) { return call.error == ENOSYS; })) {
        const Explanation why = explain_krun_errno(ENOSYS);
        return not_passed(why.status, why.detail, why.remedy);
    }
    if (bad->error == EPERM)
        return unknown(fmt::format("{} is forbidden", bad->name),
                       "run this outside of the container or without the seccomp filter");
    return fail(fmt::format("{} of no CPU: {}", bad->name, std::strerror(bad->error)), "see dmesg");
}

// CPUs that are online before and after, so that one that comes or goes meanwhile is nobody's fault.
CheckResult check_device(Host &host)
{
    const std::vector<int> online = host.online_cpus();
    CounterReading reading;
    const int error = host.sample_device(reading);
    if (error == ENOENT && host.file("/sys/class/misc/krun/dev"))
        return missing("the kernel has the device, but there is no /dev/krun here",
                       "mount a devtmpfs on /dev, or hand the device to the container");
    if (error != 0) {
        const Explanation why = explain_krun_errno(error);
        return not_passed(why.status, why.detail, why.remedy);
    }
    const std::vector<int> still_online = host.online_cpus();
    for (const int cpu : online) {
        const auto of_cpu = reading.find(cpu);
        const int why_not = of_cpu == reading.end() ? ENODATA : of_cpu->second.error;
        if (why_not == 0 || std::find(still_online.begin(), still_online.end(), cpu) == still_online.end())
            continue;
        // The kernel says offline, and /sys says online.
        const Explanation why = explain_krun_errno(why_not);
        return not_passed(why_not == ENXIO ? CheckStatus::fail : why.status,
                          fmt::format("no sample of CPU {}: {}", cpu, why.detail), why.remedy);
    }
    if (online.empty())
        return unknown("/sys does not say which CPUs are online", "mount /sys");
    return pass(fmt::format("/dev/krun samples CPU {}", format_cpu_list(online)));
}

// The quietest of some windows on one CPU. Something else may run there for an instant and bring the tick with it. A
// tick that is held is in every window. What is not quiet is watched once more, by the kernel's tracepoints.
Result<Disturbance> quietest_window(Host &host, int cpu, Load load)
{
    std::optional<Disturbance> quietest;
    for (int window = 0; window < tickless_windows && (!quietest || quietest->total() != 0); ++window) {
        auto disturbance = host.disturbance_while_busy(cpu, load, tickless_seconds, false);
        if (!disturbance)
            return disturbance;
        if (!quietest || disturbance->total() < quietest->total())
            quietest = std::move(*disturbance);
    }
    if (quietest->total() == 0)
        return *quietest;
    const auto traced = host.disturbance_while_busy(cpu, load, tickless_seconds, true);
    if (traced) {
        quietest->traced = traced->traced;
        quietest->causes = traced->causes;
    }
    return *quietest;
}

std::string detail_of(const Disturbance &disturbance, int cpu)
{
    auto detail = fmt::format("{:.1f} interrupts and preemptions a second on busy CPU {} (limit {:.0f})",
                              disturbance.rate(), cpu, tickless_limit);
    if (disturbance.total() == 0)
        return detail;
    detail += fmt::format("; in {:.0f} seconds: {}", disturbance.seconds, described(disturbance));
    if (!disturbance.causes.empty())
        return fmt::format("{}; caused by: {}", detail, described(disturbance.causes));
    return detail + (disturbance.traced ? "; nothing came when it was traced"
                                        : "; causes unknown: no permission to trace, or a kernel without tracepoints");
}

CheckResult check_tickless(Host &host, Load load)
{
    const std::vector<int> online = host.online_cpus();
    const std::vector<int> adaptive = nohz_full_cpus(host);
    if (host.possible_cpus().size() == 1 && adaptive.empty())
        return one_cpu_only();
    if (adaptive.empty())
        return not_passed(chosen_by_user(host) || !host.file("/sys/devices/system/cpu/nohz_full") ? CheckStatus::missing
                                                                                                  : CheckStatus::fail,
                          "there is no adaptive-tick CPU", "see the check of the nohz_full CPUs");
    CheckResult last =
        unknown(fmt::format("no adaptive-tick CPU is online: CPU {} could not be measured", format_cpu_list(adaptive)),
                "bring one online: echo 1 > /sys/devices/system/cpu/cpuN/online");
    for (auto cpu = adaptive.rbegin(); cpu != adaptive.rend(); ++cpu) {
        if (std::find(online.begin(), online.end(), *cpu) == online.end())
            continue;
        const auto disturbance = quietest_window(host, *cpu, load);
        if (!disturbance) {
            last = unknown("could not be measured: " + disturbance.error().message, disturbance.error().hint);
            continue;
        }
        const std::string detail = detail_of(*disturbance, *cpu);
        if (disturbance->rate() <= tickless_limit)
            return pass(detail);
        return fail(detail, "keep other tasks, devices and POSIX CPU timers off the CPU; `dmesg | grep -i -e nohz -e "
                            "tsc` may say what holds the tick");
    }
    return last;
}

CheckResult check_computing(Host &host) { return check_tickless(host, Load::computes); }

// Some kernels owe a task that calls them more than one that does not: 5.10 a tick now and then, for RCU.
CheckResult check_calling(Host &host)
{
    CheckResult result = check_tickless(host, Load::calls);
    result.required = false;
    return result;
}

// Only who compiles clients needs it.
CheckResult check_header(Host &host)
{
    for (const char *path : {"/usr/include/x86_64-linux-gnu/sys/krun-syscall.h", "/usr/include/sys/krun-syscall.h"})
        if (host.file(path))
            return pass(path);
    CheckResult result =
        missing("<sys/krun-syscall.h> is not installed; programs that use the calls need it to compile",
                "install krun-syscall-dev, or copy krun/krun-syscall.h of the kernel's source to "
                "/usr/include/x86_64-linux-gnu/sys/");
    result.required = false;
    return result;
}

struct Check {
    const char *id;
    const char *title;
    CheckResult (*run)(Host &);
};

constexpr std::array checks = {
    Check{identity, "this is a Krun kernel", check_identity},
    Check{"no-hz-full-all", "configured fully tickless", check_config},
    Check{"nohz-full-cpus", "all CPUs but 0 are adaptive-tick", check_nohz_full},
    // Before counters are taken, which may overflow and interrupt.
    Check{"tickless", "nothing interrupts a CPU that computes", check_computing},
    Check{"tickless-calls", "nothing interrupts a CPU that makes system calls", check_calling},
    Check{"system-calls", "the system calls answer", check_system_calls},
    Check{"counters", "every counter increases on every CPU", check_counters},
    Check{"device", "the device samples every CPU", check_device},
    Check{"header", "the header is installed", check_header},
};

} // namespace

Explanation explain_krun_errno(int error)
{
    switch (error) {
    case ENOSYS:
        return {CheckStatus::missing, "this kernel has no Krun system calls", boot_krun};
    case ENOENT:
        return {CheckStatus::missing, "there is no /dev/krun", boot_krun};
    case EOPNOTSUPP:
        return {CheckStatus::missing, "this machine lacks a counter",
                "dmesg | grep krun says which and why; a virtual machine needs a PMU"};
    case EPERM:
        return {CheckStatus::unknown, "not permitted",
                "be root, join the group kruncounters, or set the sysctl kernel.krun_unprivileged to 1"};
    case EACCES:
        return {CheckStatus::unknown, "no permission to open /dev/krun",
                "run as root, or join the group kruncounters: adduser NAME kruncounters"};
    case ENXIO:
        return {CheckStatus::unknown, "a CPU is offline",
                "bring it online: echo 1 > /sys/devices/system/cpu/cpuN/online"};
    case ENODATA:
        return {CheckStatus::unknown, "behind a CPU that is offline, where the system calls do not reach",
                "open /dev/krun instead: run as root, or join the group kruncounters"};
    case EBUSY:
        return {CheckStatus::unknown, "all hardware counters are taken",
                "stop other users of the PMU (perf, pinned events)"};
    default:
        return {CheckStatus::fail, std::strerror(error), "see dmesg"};
    }
}

std::vector<CheckResult> check_kernel(Host &host)
{
    std::vector<CheckResult> results;
    for (const Check &check : checks) {
        CheckResult result = check.run(host);
        result.id = check.id;
        result.title = check.title;
        results.push_back(std::move(result));
    }
    return results;
}

bool all_good(const std::vector<CheckResult> &results)
{
    const auto passed = [](const CheckResult &result) { return result.status == CheckStatus::pass; };
    const auto good = [&](const CheckResult &result) {
        return passed(result) || result.status == CheckStatus::skip || !result.required;
    };
    return std::all_of(results.begin(), results.end(), good) && std::any_of(results.begin(), results.end(), passed);
}

std::vector<std::string> against_promotion(const std::vector<CheckResult> &results)
{
    std::vector<std::string> ids;
    for (const CheckResult &result : results) {
        const bool bad = result.status == CheckStatus::fail || result.status == CheckStatus::unknown;
        const bool not_krun = result.id == identity && result.status != CheckStatus::pass;
        if (result.required && (bad || not_krun))
            ids.push_back(result.id);
    }
    return ids;
}

} // namespace krun
