// SPDX-License-Identifier: MIT
#include "fakes/fake_host.hpp"

#include <algorithm>
#include <cerrno>

namespace krun
{

std::optional<std::string> FakeHost::file(const std::string &path)
{
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
}

bool FakeHost::is_online(int cpu) const { return std::find(online.begin(), online.end(), cpu) != online.end(); }

// As krun_read_msrs(2) has it.
int FakeHost::read_error(int cpus) const
{
    if (cpus == 0)
        return error_of_none;
    if (error != 0)
        return error;
    if (cpus < 0 || possible.empty() || cpus > possible.back() + 1)
        return EINVAL;
    if (cpus > configured_)
        return ENODATA;
    for (int cpu = 0; cpu < cpus; cpu++)
        if (!is_online(cpu))
            return ENXIO;
    return 0;
}

int FakeHost::configure_counters(int cpus)
{
    const int before = configured_;
    configured_ = std::max(configured_, cpus);
    const int result = read_error(cpus);
    if (result != 0)
        configured_ = before;
    return result;
}

CpuReading FakeHost::counts_of(int cpu) const
{
    if (cpu == stuck_mperf_cpu)
        return {time, 5, time, 0};
    if (idle_cpus_stand_still && not_busy.contains(cpu))
        return {5, 5, 5, 0};
    return {time, time, time, 0};
}

int FakeHost::read_counters(int cpus, CounterReading &reading)
{
    time += 100;
    if (const int result = read_error(cpus); result != 0)
        return result;
    reading.clear();
    for (int cpu = 0; cpu < cpus; cpu++)
        reading[cpu] = counts_of(cpu);
    return 0;
}

int FakeHost::sample_device(CounterReading &reading)
{
    time += 100;
    if (device_error != 0)
        return device_error;
    reading.clear();
    for (const int cpu : possible) {
        const auto own = device_errors.find(cpu);
        if (own != device_errors.end())
            reading[cpu].error = own->second;
        else if (!is_online(cpu))
            reading[cpu].error = ENXIO;
        else
            reading[cpu] = counts_of(cpu);
    }
    return 0;
}

std::map<int, int> FakeHost::keep_busy(const std::vector<int> &cpus, double /*seconds*/)
{
    std::map<int, int> failed;
    for (const int cpu : cpus) {
        if (const auto own = not_busy.find(cpu); own != not_busy.end())
            failed.insert(*own);
        else if (!is_online(cpu))
            failed[cpu] = EINVAL; // as sched_setaffinity(2) has it
    }
    meanwhile();
    return failed;
}

Result<Disturbance> FakeHost::disturbance_while_busy(int cpu, Load load, double seconds, bool trace)
{
    Disturbance disturbance;
    disturbance.seconds = seconds;
    const auto window = load == Load::computes ? windows_++ : 0;
    if (load == Load::computes && !trace)
        busy_cpus.push_back(cpu);
    if (unmeasurable.contains(cpu) || !is_online(cpu) || window >= windows_until_unmeasurable)
        return failure("this program may not run there", "let it");
    if (!timer_interrupts)
        return failure("/proc/interrupts is hidden", "show it");
    if (trace) {
        traced_cpus.push_back(cpu);
        disturbance.traced = causes.has_value();
        disturbance.causes = causes.value_or(std::vector<Cause>());
        disturbance.trace_is_cut = trace_is_cut;
    }
    auto count = interrupts_of_calls;
    if (load == Load::computes) {
        count = window < disturbed_windows.size() ? disturbed_windows[window] : *timer_interrupts;
        disturbance.preemptions = preemptions;
    }
    if (count != 0)
        disturbance.interrupts = {{"LOC", "Local timer interrupts", count}};
    return disturbance;
}

void FakeHost::become_another_kernel()
{
    error = error_of_none = ENOSYS;
    device_error = ENOENT;
    config = "CONFIG_NO_HZ_FULL=y\n";
    files = {{"/proc/cmdline", "quiet\n"}};
}

} // namespace krun
