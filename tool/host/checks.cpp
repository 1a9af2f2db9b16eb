// SPDX-License-Identifier: MIT
// Each check is a function that fills in status, detail and remedy; the table at the end gives it its name.
#include "host/checks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "host/cpu_list.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr double tickless_seconds = 3.0;
constexpr int tickless_windows = 3;
constexpr double tickless_limit =
    1.0; // local-timer interrupts a second; docs/design/tickless.md says what is left of them
constexpr double busy_seconds = 0.2;

CheckResult pass(std::string detail) { return {{}, {}, CheckStatus::pass, std::move(detail), {}}; }

CheckResult fail(std::string detail, std::string remedy)
{
    return {{}, {}, CheckStatus::fail, std::move(detail), std::move(remedy)};
}

CheckResult skip(std::string detail, std::string remedy)
{
    return {{}, {}, CheckStatus::skip, std::move(detail), std::move(remedy)};
}

CheckResult check_identity(Host &host)
{
    const std::string release = host.kernel_release();
    if (release.find("krun") != std::string::npos)
        return pass(release);
    return fail(release, "boot the Krun kernel: choose it in the boot menu, or make it the default");
}

CheckResult check_config(Host &host)
{
    const auto config = host.kernel_config();
    if (!config)
        return skip("neither /proc/config.gz nor /boot/config-" + host.kernel_release() + " can be read",
                    "install the kernel's package, which brings its configuration");
    const std::vector<std::string> lines = lines_of(*config);
    if (std::find(lines.begin(), lines.end(), "CONFIG_NO_HZ_FULL_ALL=y") != lines.end())
        return pass("CONFIG_NO_HZ_FULL_ALL=y");
    return fail("CONFIG_NO_HZ_FULL_ALL is not set", "build the kernel with krunctl build, which sets it");
}

std::vector<int> nohz_full_cpus(Host &host)
{
    const auto text = host.file("/sys/devices/system/cpu/nohz_full");
    return parse_cpu_list(text.value_or("")).value_or(std::vector<int>{});
}

CheckResult check_nohz_full(Host &host)
{
    const int possible = host.possible_cpus();
    if (possible < 2)
        return skip("one CPU only: it has to keep the time", "use a machine with two CPUs or more");
    std::vector<int> expected;
    for (int cpu = 1; cpu < possible; cpu++)
        expected.push_back(cpu);
    const std::vector<int> found = nohz_full_cpus(host);
    if (found == expected)
        return pass(format_cpu_list(found));
    return fail(fmt::format("{}, expected {}", format_cpu_list(found), format_cpu_list(expected)),
                "take nohz_full= and isolcpus= off the kernel command line (/etc/default/grub)");
}

CheckResult check_system_calls(Host &host)
{
    CounterReading none;
    for (const int error : {host.configure_counters(0), host.reset_counters(0), host.read_counters(0, none)})
        if (error != 0) {
            const Explanation why = explain_krun_errno(error);
            return fail(why.detail, why.remedy);
        }
    return pass("krun_read_msrs, krun_reset_msrs and krun_configure answer");
}

// The CPUs at which a counter did not increase, by name of counter.
std::string standing_still(const CounterReading &before, const CounterReading &after)
{
    struct Counter {
        const char *name;
        const std::vector<std::uint64_t> &before;
        const std::vector<std::uint64_t> &after;
    };
    std::string text;
    for (const Counter &counter :
         {Counter{"APERF", before.aperf, after.aperf}, Counter{"MPERF", before.mperf, after.mperf},
          Counter{"core cycles", before.cycles, after.cycles}}) {
        std::vector<int> cpus;
        for (std::size_t cpu = 0; cpu < counter.before.size(); cpu++)
            if (counter.after[cpu] <= counter.before[cpu])
                cpus.push_back(static_cast<int>(cpu));
        if (!cpus.empty())
            text += fmt::format("{}{} on CPU {}", text.empty() ? "" : "; ", counter.name, format_cpu_list(cpus));
    }
    return text;
}

CheckResult check_counters(Host &host)
{
    const std::vector<int> online = host.online_cpus();
    const int cpus = online.empty() ? 1 : online.back() + 1;
    CounterReading before;
    CounterReading after;
    int error = host.configure_counters(cpus);
    if (error == 0)
        error = host.reset_counters(cpus);
    if (error == 0)
        error = host.read_counters(cpus, before);
    if (error == 0) {
        host.keep_busy(online, busy_seconds);
        error = host.read_counters(cpus, after);
    }
    if (error != 0) {
        const Explanation why = explain_krun_errno(error);
        return fail(why.detail, why.remedy);
    }
    const std::string still = standing_still(before, after);
    if (still.empty())
        return pass(fmt::format("APERF, MPERF and core cycles increase on CPU {}", format_cpu_list(online)));
    return fail("does not increase: " + still, "see dmesg; in a virtual machine, give the guest a PMU");
}

CheckResult check_device(Host &host)
{
    switch (const int error = host.sample_device()) {
    case 0:
        return pass("/dev/krun samples every CPU that is online");
    case ENOENT:
        return fail("there is no /dev/krun", "boot the Krun kernel (uname -r shows krun)");
    case EACCES:
        return fail("/dev/krun may not be opened", "be root, or join the group krun: adduser NAME krun");
    default:
        const Explanation why = explain_krun_errno(error);
        return fail("/dev/krun: " + why.detail, why.remedy);
    }
}

CheckResult check_tickless(Host &host)
{
    const std::vector<int> online = host.online_cpus();
    std::vector<int> candidates;
    for (const int cpu : nohz_full_cpus(host))
        if (std::find(online.begin(), online.end(), cpu) != online.end())
            candidates.push_back(cpu);
    if (candidates.empty() && host.possible_cpus() < 2)
        return skip("one CPU only: it has to keep the time", "use a machine with two CPUs or more");
    if (candidates.empty())
        return fail("no adaptive-tick CPU is online", "see the check of the nohz_full CPUs");
    const int cpu = candidates.back();
    // Something else may run there for an instant and bring the tick with it. A tick that is held is in every window.
    double rate = std::numeric_limits<double>::infinity();
    for (int window = 0; window < tickless_windows && rate > tickless_limit; ++window) {
        const auto interrupts = host.timer_interrupts_while_busy(cpu, tickless_seconds);
        if (!interrupts)
            return skip("/proc/interrupts has no line LOC", "run this on an x86-64 kernel, with /proc mounted");
        rate = std::min(rate, static_cast<double>(*interrupts) / tickless_seconds);
    }
    const std::string detail =
        fmt::format("{:.1f} local-timer interrupts a second on busy CPU {} (limit {:.0f})", rate, cpu, tickless_limit);
    if (rate <= tickless_limit)
        return pass(detail);
    return fail(detail, "keep other tasks and POSIX CPU timers off the CPU; `dmesg | grep -i -e nohz -e tsc` may say "
                        "what holds the tick");
}

CheckResult check_header(Host &host)
{
    for (const char *path : {"/usr/include/x86_64-linux-gnu/sys/krun-syscall.h", "/usr/include/sys/krun-syscall.h"})
        if (host.file(path))
            return pass(path);
    return fail("<sys/krun-syscall.h> is not installed",
                "copy krun/krun-syscall.h of the kernel's source to /usr/include/x86_64-linux-gnu/sys/");
}

struct Check {
    const char *id;
    const char *title;
    CheckResult (*run)(Host &);
};

constexpr std::array checks = {
    Check{"kernel-identity", "this is a Krun kernel", check_identity},
    Check{"no-hz-full-all", "configured fully tickless", check_config},
    Check{"nohz-full-cpus", "all CPUs but 0 are adaptive-tick", check_nohz_full},
    Check{"system-calls", "the system calls answer", check_system_calls},
    Check{"counters", "every counter increases on every CPU", check_counters},
    Check{"device", "the device samples every CPU", check_device},
    Check{"tickless", "a busy CPU runs without the tick", check_tickless},
    Check{"header", "the header is installed", check_header},
};

} // namespace

Explanation explain_krun_errno(int error)
{
    switch (error) {
    case ENOSYS:
        return {"this kernel has no Krun system calls", "boot the Krun kernel (uname -r shows krun)"};
    case EPERM:
        return {"not permitted", "be root, or set the sysctl kernel.krun_unprivileged to 1"};
    case ENXIO:
        return {"a CPU is offline", "bring it online: echo 1 > /sys/devices/system/cpu/cpuN/online"};
    case EOPNOTSUPP:
        return {"this machine lacks a counter", "dmesg | grep krun says which and why; a virtual machine needs a PMU"};
    case EBUSY:
        return {"all hardware counters are taken", "stop other users of the PMU (perf, pinned events)"};
    default:
        return {std::strerror(error), "see dmesg"};
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
    const auto has = [&](CheckStatus status) {
        return std::any_of(results.begin(), results.end(), [&](const auto &result) { return result.status == status; });
    };
    return !has(CheckStatus::fail) && has(CheckStatus::pass);
}

} // namespace krun
