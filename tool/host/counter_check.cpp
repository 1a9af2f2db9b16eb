// SPDX-License-Identifier: MIT
// Theory: the system calls and /dev/krun are read both, before and after a time in which each CPU is kept busy. A CPU
// is good when one of them has seen its counters increase, and bad when one has seen a counter stand still on a CPU
// that was busy. All others are CPUs of which nothing is known, and never pass.
#include "host/checks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "host/counter_session.hpp"
#include "host/cpu_sets.hpp"

namespace krun
{
namespace
{

constexpr double counters_busy_seconds = 0.2;
constexpr int counters_attempts = 3;

struct WayToRead {
    int error = 0;
    CounterReading before;
    CounterReading after;
};

struct Measurement {
    std::vector<int> online; // all the time
    bool undisturbed = true; // no CPU came or went
    WayToRead calls;
    WayToRead device;
    std::map<int, int> idle; // not kept busy, with the errno
};

struct Counter {
    const char *name;
    std::uint64_t CpuReading::*value;
};
constexpr std::array the_counters = {Counter{"APERF", &CpuReading::aperf}, Counter{"MPERF", &CpuReading::mperf},
                                     Counter{"core cycles", &CpuReading::cycles}};

// Of the two errors, the one that tells the user more: without the calls or with CPU 0 offline there is only the device
// to talk about, if that is there.
int error_that_tells_more(int calls, int device)
{
    return (calls == ENOSYS || calls == ENXIO) && device != ENOENT && device != ENODEV ? device : calls;
}

Measurement measure_counters(Host &host)
{
    Measurement found;
    found.online = host.online_cpus();
    const int reached = reached_by_calls(found.online);
    WayToRead &calls = found.calls;
    calls.error = reached == 0 ? ENXIO : host.configure_counters(reached);
    if (calls.error == 0)
        calls.error = host.reset_counters(reached);
    if (calls.error == 0)
        calls.error = host.read_counters(reached, calls.before);
    found.device.error = host.sample_device(found.device.before);
    if (calls.error != 0 && found.device.error != 0)
        return found;
    found.idle = host.keep_busy(found.online, counters_busy_seconds);
    if (calls.error == 0)
        calls.error = host.read_counters(reached, calls.after);
    if (found.device.error == 0)
        found.device.error = host.sample_device(found.device.after);
    found.undisturbed = host.online_cpus() == found.online;
    return found;
}

class Judgement
{
  public:
    explicit Judgement(const Measurement &found) : found_(found)
    {
        judge(found.calls);
        judge(found.device);
        for (const int cpu : found.online)
            if (!good_.contains(cpu) && !is_still(cpu))
                unmeasured_.push_back(cpu);
    }

    [[nodiscard]] CheckResult result() const
    {
        for (const int error : {found_.calls.error, found_.device.error})
            if (CheckResult why = explain_krun_errno(error); error != 0 && why.status == CheckStatus::fail)
                return why;
        if (const std::string still = standing_still(); !still.empty())
            return fail("does not increase: " + still, "see dmesg; in a virtual machine, give the guest a PMU");
        if (found_.online.empty())
            return unknown("/sys does not say which CPUs are online", "mount /sys");
        if (!unmeasured_.empty())
            return not_measured();
        return pass(fmt::format("APERF, MPERF and core cycles increase on CPU {}{}", format_cpu_list(found_.online),
                                one_way_only()));
    }

  private:
    [[nodiscard]] bool is_still(int cpu) const
    {
        return std::any_of(still_.begin(), still_.end(), [&](const auto &of) { return of.second.contains(cpu); });
    }

    void judge(const WayToRead &way)
    {
        if (way.error != 0)
            return;
        for (const int cpu : found_.online) {
            if (!way.before.contains(cpu) || !way.after.contains(cpu))
                continue;
            const CpuReading &before = way.before.at(cpu);
            const CpuReading &after = way.after.at(cpu);
            if (before.error != 0 || after.error != 0)
                why_[cpu] = before.error != 0 ? before.error : after.error;
            else
                compare(cpu, before, after);
        }
    }

    void compare(int cpu, const CpuReading &before, const CpuReading &after)
    {
        bool all_increased = true;
        for (const Counter &counter : the_counters) {
            if (after.*counter.value > before.*counter.value)
                continue;
            all_increased = false;
            if (!found_.idle.contains(cpu)) // a CPU that halts does not count
                still_[counter.name].insert(cpu);
        }
        if (all_increased)
            good_.insert(cpu);
    }

    [[nodiscard]] std::string standing_still() const
    {
        std::string text;
        for (const Counter &counter : the_counters) {
            if (const auto cpus = still_.find(counter.name); cpus != still_.end())
                text += fmt::format("{}{} on CPU {}", text.empty() ? "" : "; ", counter.name,
                                    format_cpu_list({cpus->second.begin(), cpus->second.end()}));
        }
        return text;
    }

    // Why nothing is known of the first of them; it is the same for all as a rule.
    [[nodiscard]] CheckResult not_measured() const
    {
        const int cpu = unmeasured_.front();
        const std::string prefix = fmt::format("CPU {} not measured: ", format_cpu_list(unmeasured_));
        const bool by_a_way = found_.calls.error == 0 || found_.device.error == 0;
        if (by_a_way && found_.idle.contains(cpu) && !why_.contains(cpu))
            return unknown(prefix + "this program could not keep it busy, and it stood still",
                           "look at cpusets, the container and seccomp filters");
        int error = error_that_tells_more(found_.calls.error, found_.device.error);
        if (const auto why = why_.find(cpu); why != why_.end())
            error = why->second;
        else if (found_.calls.error == 0) // it is behind one that is offline
            error = found_.device.error;
        CheckResult why = explain_krun_errno(error);
        if (unmeasured_ != found_.online)
            why.detail = prefix + why.detail;
        return why;
    }

    [[nodiscard]] std::string one_way_only() const
    {
        if (found_.calls.error != 0)
            return fmt::format(" (by /dev/krun only; the system calls: {})",
                               explain_krun_errno(found_.calls.error).detail);
        if (found_.device.error != 0)
            return fmt::format(" (by the system calls only: {})", explain_krun_errno(found_.device.error).detail);
        return {};
    }

    const Measurement &found_;
    std::set<int> good_;
    std::map<std::string, std::set<int>> still_; // by counter
    std::map<int, int> why_;                     // a CPU's own errno
    std::vector<int> unmeasured_;
};

} // namespace

CheckResult check_counters(Host &host)
{
    Measurement found = measure_counters(host);
    for (int attempt = 1; attempt < counters_attempts && !found.undisturbed; attempt++)
        found = measure_counters(host);
    if (!found.undisturbed)
        return unknown("CPUs come and go: the counters could not be compared", "try again");
    return Judgement(found).result();
}

} // namespace krun
