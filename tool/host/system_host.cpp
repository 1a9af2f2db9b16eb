// SPDX-License-Identifier: MIT
#include "host/system_host.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "host/busy_cpus.hpp"
#include "host/cpu_list.hpp"
#include "krun-syscall.h"

namespace krun
{

namespace
{

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
    return parse_cpu_list(file("/sys/devices/system/cpu/online").value_or("")).value_or(std::vector<int>{});
}

std::vector<int> SystemHost::possible_cpus()
{
    return parse_cpu_list(file("/sys/devices/system/cpu/possible").value_or("")).value_or(std::vector<int>{});
}

int SystemHost::configure_counters(int cpus) { return errno_of(syscall(SYSCALL_KRUN_CONFIGURE, cpus)); }

int SystemHost::reset_counters(int cpus) { return errno_of(syscall(SYSCALL_KRUN_RESET_MSRS, cpus)); }

int SystemHost::read_counters(int cpus, CounterReading &reading)
{
    std::vector<std::uint64_t> aperf(static_cast<std::size_t>(cpus));
    auto mperf = aperf;
    auto cycles = aperf;
    if (const int error = errno_of(syscall(SYSCALL_KRUN_READ_MSRS, cpus, 0, aperf.data(), mperf.data(), cycles.data()));
        error != 0)
        return error;
    reading.clear();
    for (std::size_t cpu = 0; cpu < aperf.size(); cpu++)
        reading[static_cast<int>(cpu)] = {aperf[cpu], mperf[cpu], cycles[cpu], 0};
    return 0;
}

int SystemHost::sample_device(CounterReading &reading) { return device_.sample(reading); }

std::map<int, int> SystemHost::keep_busy(const std::vector<int> &cpus, double seconds)
{
    BusyCpus busy(cpus);
    sleep_for(seconds);
    return busy.stop();
}

Result<Disturbance> SystemHost::disturbance_while_busy(int cpu, Load load, double seconds, bool trace)
{
    return krun::disturbance_while_busy(cpu, online_cpus(), load, seconds, trace);
}

} // namespace krun
