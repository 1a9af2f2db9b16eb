// SPDX-License-Identifier: MIT
#include "host/system_host.hpp"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "host/busy_cpus.hpp"
#include "host/cpu_list.hpp"
#include "host/interrupts.hpp"
#include "host/krun_device.hpp"
#include "krun-syscall.h"

namespace krun
{

namespace
{

constexpr double settling_seconds = 1.0;

int errno_of(long result) { return result < 0 ? errno : 0; }

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

} // namespace

std::string SystemHost::kernel_release()
{
    utsname names{};
    return uname(&names) == 0 ? names.release : "";
}

std::optional<std::string> SystemHost::kernel_config()
{
    const std::string in_kernel = "/proc/config.gz";
    if (access(in_kernel.c_str(), R_OK) == 0) {
        Command command;
        command.argv = {"zcat", in_kernel};
        const auto result = runner_.run(command);
        if (result && result->ok())
            return result->output;
    }
    return file("/boot/config-" + kernel_release());
}

std::optional<std::string> SystemHost::file(const std::string &path)
{
    std::ifstream stream(path);
    if (!stream)
        return {};
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

std::vector<int> SystemHost::online_cpus()
{
    return parse_cpu_list(file("/sys/devices/system/cpu/online").value_or("0")).value_or(std::vector<int>{0});
}

int SystemHost::possible_cpus()
{
    const auto cpus = parse_cpu_list(file("/sys/devices/system/cpu/possible").value_or("0"));
    return cpus && !cpus->empty() ? cpus->back() + 1 : 1;
}

int SystemHost::configure_counters(int cpus) { return errno_of(syscall(SYSCALL_KRUN_CONFIGURE, cpus)); }

int SystemHost::reset_counters(int cpus) { return errno_of(syscall(SYSCALL_KRUN_RESET_MSRS, cpus)); }

int SystemHost::read_counters(int cpus, CounterReading &reading)
{
    for (auto *counter : {&reading.aperf, &reading.mperf, &reading.cycles})
        counter->assign(static_cast<std::size_t>(cpus), 0);
    return errno_of(
        syscall(SYSCALL_KRUN_READ_MSRS, cpus, 0, reading.aperf.data(), reading.mperf.data(), reading.cycles.data()));
}

int SystemHost::sample_device() { return sample_krun_device(online_cpus()); }

void SystemHost::keep_busy(const std::vector<int> &cpus, double seconds)
{
    const BusyCpus busy(cpus);
    sleep_for(seconds);
}

std::optional<std::uint64_t> SystemHost::timer_interrupts_while_busy(int cpu, double seconds)
{
    // This thread watches from a CPU that keeps its tick; a second runnable thread would bring the tick back.
    const PinnedThread elsewhere(cpu == 0 ? online_cpus().back() : 0);
    const BusyCpus busy({cpu});
    auto count = [&] { return interrupt_count(file("/proc/interrupts").value_or(""), "LOC", cpu); };
    sleep_for(settling_seconds);
    const auto before = count();
    sleep_for(seconds);
    const auto after = count();
    if (!before || !after || *after < *before)
        return {};
    return *after - *before;
}

} // namespace krun
