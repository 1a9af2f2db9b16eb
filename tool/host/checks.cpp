// SPDX-License-Identifier: MIT

#include "host/checks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <limits>

#include "host/cpu_sets.hpp"
#include "host/krun_world.hpp"
#include "util/text.hpp"

namespace krun
{

// Each check is a function that fills in status, detail and remedy; the table at the end gives it its name.

namespace
{

constexpr const char *identity = "kernel-identity";
// An EPERM of a call says nothing: seccomp filters answer with it for numbers that they do not know.
constexpr const char *without_filter = "run this outside of the container or without the seccomp filter";

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

// "; without the hooks vector, quiet-rcu", as the configuration says that had no place in the source.
std::string hooks_that_it_lacks(Host &host)
{
    const std::string key = "CONFIG_KRUN_WITHOUT=\"";
    for (const auto &line : lines_of(host.kernel_config().value_or(std::string()))) {
        if (!line.starts_with(key))
            continue;
        const auto names = words_of(line.substr(key.size(), line.rfind('"') - key.size()));
        if (!names.empty())
            return fmt::format("; without the hook{} {}", names.size() == 1 ? "" : "s", fmt::join(names, ", "));
    }
    return {};
}

// By what the kernel can do; its name says nothing.
CheckResult check_identity(Host &host)
{
    std::vector<std::string> found;
    const auto calls = ask_calls(host);
    if (world_of(host) == KrunWorld::module)
        return missing(host.kernel_release() + " is not patched; the module krun gives it /dev/krun",
                       "boot the Krun kernel for adaptive ticks without boot parameters, the system calls, and samples "
                       "that take fewer instructions");
    if (std::all_of(calls.begin(), calls.end(), [](const Call &call) { return call.error == 0; }))
        found.emplace_back("system calls 900-902");
    if (host.file("/sys/class/misc/krun/dev"))
        found.emplace_back("/dev/krun");
    if (host.file("/proc/sys/kernel/krun_unprivileged"))
        found.emplace_back("sysctl kernel.krun_unprivileged");
    if (!found.empty())
        return pass(
            fmt::format("{} has {}{}", host.kernel_release(), fmt::join(found, ", "), hooks_that_it_lacks(host)));
    if (calls.front().error == EPERM)
        return unknown(host.kernel_release() + ": the system calls are forbidden, and nothing else tells",
                       without_filter);
    return missing(host.kernel_release() + " has no Krun system calls and no /dev/krun", why_no_device(host).remedy);
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

CheckResult check_system_calls(Host &host)
{
    const auto calls = ask_calls(host);
    const auto bad = std::find_if(calls.begin(), calls.end(), [](const Call &call) { return call.error != 0; });
    if (bad == calls.end())
        return pass("krun_read_msrs, krun_reset_msrs and krun_configure answer");
    if (std::all_of(calls.begin(), calls.end(), [](const Call &call) { return call.error == ENOSYS; }))
        return explain_krun_errno(ENOSYS);
    if (bad->error == EPERM)
        return unknown(fmt::format("{} is forbidden", bad->name), without_filter);
    return fail(fmt::format("{} of no CPU: {}", bad->name, std::strerror(bad->error)), "see dmesg");
}

// CPUs that are online before and after, so that one that comes or goes meanwhile is nobody's fault.
CheckResult check_device(Host &host)
{
    const std::vector<int> online = host.online_cpus();
    CounterReading reading;
    if (const int error = host.sample_device(reading); error != 0)
        return error == ENOENT || error == ENODEV ? why_no_device(host) : explain_krun_errno(error);
    const std::vector<int> still_online = host.online_cpus();
    for (const int cpu : online) {
        const auto of_cpu = reading.find(cpu);
        const int why_not = of_cpu == reading.end() ? ENODATA : of_cpu->second.error;
        if (why_not == 0 || std::find(still_online.begin(), still_online.end(), cpu) == still_online.end())
            continue;
        // The kernel says offline, and /sys says online.
        const CheckResult why = explain_krun_errno(why_not);
        return finding(why_not == ENXIO ? CheckStatus::fail : why.status,
                       fmt::format("no sample of CPU {}: {}", cpu, why.detail), why.remedy);
    }
    if (online.empty())
        return unknown("/sys does not say which CPUs are online", "mount /sys");
    return pass(fmt::format("/dev/krun samples CPU {}", format_cpu_list(online)));
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
    CheckResult (*run)(Host &, const CheckOptions &);
};

// Most checks have no options.
template <CheckResult (*Run)(Host &)> CheckResult plain(Host &host, const CheckOptions & /*options*/)
{
    return Run(host);
}

CheckResult check_computing(Host &host, const CheckOptions &options)
{
    return check_tickless(host, Load::computes, options.windows);
}

// Some kernels owe a task that calls them more than one that does not.
CheckResult check_calling(Host &host, const CheckOptions &options)
{
    CheckResult result = check_tickless(host, Load::calls, options.windows);
    result.required = false;
    return result;
}

constexpr std::array checks = {
    Check{identity, "this is a Krun kernel", plain<check_identity>},
    Check{"no-hz-full-all", "configured fully tickless", plain<check_config>},
    Check{"nohz-full-cpus", "all CPUs but 0 are adaptive-tick", plain<check_nohz_full>},
    // Before counters are taken, which may overflow and interrupt.
    Check{"tickless", "nothing interrupts a CPU that computes", check_computing},
    Check{"tickless-calls", "nothing interrupts a CPU that makes system calls", check_calling},
    Check{"system-calls", "the system calls answer", plain<check_system_calls>},
    Check{"counters", "every counter increases on every CPU", plain<check_counters>},
    Check{"device", "the device samples every CPU", plain<check_device>},
    Check{"header", "the header is installed", plain<check_header>},
};

} // namespace

CheckResult explain_krun_errno(int error)
{
    const std::string boot_krun = "boot the Krun kernel: choose it in the boot menu, or make it the default";
    switch (error) {
    case ENOSYS:
        return missing("this kernel has no Krun system calls", boot_krun);
    case ENOENT:
    case ENODEV:
        return missing("there is no /dev/krun", boot_krun + ", or load the module krun");
    case EOPNOTSUPP:
        return missing("this machine lacks a counter",
                       "dmesg | grep krun says which and why; a virtual machine needs a PMU");
    case EPERM:
        return unknown("not permitted",
                       "be root, join the group kruncounters, or set the sysctl kernel.krun_unprivileged to 1");
    case EACCES:
        return unknown("no permission to open /dev/krun",
                       "run as root, or join the group kruncounters: adduser NAME kruncounters");
    case ENXIO:
        return unknown("a CPU is offline", "bring it online: echo 1 > /sys/devices/system/cpu/cpuN/online");
    case ENODATA:
        return unknown("behind a CPU that is offline, where the system calls do not reach",
                       "open /dev/krun instead: run as root, or join the group kruncounters");
    case EBUSY:
        return unknown("all hardware counters are taken", "stop other users of the PMU (perf, pinned events)");
    default:
        return fail(std::strerror(error), "see dmesg");
    }
}

std::vector<std::string> check_ids()
{
    std::vector<std::string> ids;
    std::ranges::transform(checks, std::back_inserter(ids), &Check::id);
    return ids;
}

std::vector<CheckResult> check_kernel(Host &host, const CheckOptions &options)
{
    std::vector<CheckResult> results;
    const bool module = world_of(host) == KrunWorld::module;
    for (const Check &check : checks) {
        if (!options.ids.empty() && std::find(options.ids.begin(), options.ids.end(), check.id) == options.ids.end())
            continue;
        CheckResult result = check.run(host, options);
        result.id = check.id;
        result.title = check.title;
        // One who has the module has not asked for what only a patched kernel has.
        if (module && result.status == CheckStatus::missing)
            result.required = false;
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
        if (not_krun || (result.required && bad))
            ids.push_back(result.id);
    }
    return ids;
}

} // namespace krun
