// SPDX-License-Identifier: MIT

#include "host/host.hpp"

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
#include "host/cpu_activity.hpp"
#include "host/cpu_sets.hpp"
#include "krun-syscall.h"
#include "util/own_process.hpp"

namespace krun
{
namespace
{

int errno_of(long result) { return result < 0 ? errno : 0; }

constexpr std::uint32_t checked_counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES;

// 0 for a reading with all values in it.
int error_of(const krunc_reading &reading)
{
    switch (reading.status) {
    case KRUNC_OK:
        return reading.span > 0 && (reading.valid & checked_counters) == checked_counters ? 0 : EIO;
    case KRUNC_OFFLINE:
        return ENXIO;
    case KRUNC_UNSUPPORTED:
        return EOPNOTSUPP;
    case KRUNC_BUSY:
    case KRUNC_SHIELDED:
        return EBUSY;
    default:
        return ENODATA;
    }
}

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

int SystemHost::open_device()
{
    const std::vector<int> possible = possible_cpus();
    std::vector<std::uint64_t> mask(possible.empty() ? 0 : static_cast<std::size_t>(possible.back()) / 64 + 1);
    for (const int cpu : possible)
        mask[static_cast<std::size_t>(cpu) / 64] |= std::uint64_t{1} << (cpu % 64);
    krunc_options options{};
    options.size = sizeof(options);
    options.ways = 1U << KRUNC_WAY_DEVICE;
    options.counters = options.required = checked_counters;
    options.flags = KRUNC_NO_CALIBRATION;
    options.cpus = mask.empty() ? nullptr : mask.data();
    options.cpus_size = mask.size() * sizeof(std::uint64_t);
    krunc_session *opened = nullptr;
    raise_open_file_limit();
    const int error = krunc_open(&options, &opened);
    device_.reset(opened);
    return -error;
}

int SystemHost::sample_device(CounterReading &reading)
{
    if (const int error = device_ ? 0 : open_device(); error != 0)
        return error;
    krunc_facts facts{};
    facts.size = sizeof(facts);
    if (const int error = krunc_get_facts(device_.get(), &facts); error != 0)
        return -error;
    krunc::Sample sample(facts.sample_size);
    if (const int error = krunc_sample_end(device_.get(), sample.raw(), sample.size()); error != 0)
        return -error;
    reading.clear();
    for (const krunc_reading &one : sample.readings()) {
        const int error = error_of(one);
        reading[static_cast<int>(one.cpu)] =
            error == 0 ? CpuReading{one.aperf, one.mperf, one.cycles, 0} : CpuReading{0, 0, 0, error};
    }
    return 0;
}

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
