// SPDX-License-Identifier: MIT

#include "host/host.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "host/busy_cpus.hpp"
#include "host/cpu_sets.hpp"
#include "krun-syscall.h"
#include "util/filesystem.hpp"
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
        if (const auto result = runner_.run_ok(command))
            return result->output;
    }
    return file("/boot/config-" + kernel_release());
}

std::optional<std::string> SystemHost::file(const std::string &path)
{
    const auto text = SystemFilesystem().read(path);
    return text ? std::optional(*text) : std::nullopt;
}

std::vector<int> SystemHost::online_cpus()
{
    SystemFilesystem files;
    return cpu_list_in(files, "/sys/devices/system/cpu/online");
}

std::vector<int> SystemHost::possible_cpus()
{
    SystemFilesystem files;
    return cpu_list_in(files, "/sys/devices/system/cpu/possible");
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

int SystemHost::sample_device(CounterReading &reading)
{
    if (!device_) {
        krunc::Options options;
        options.ways = 1U << KRUNC_WAY_DEVICE;
        options.counters = options.required = checked_counters;
        options.flags = KRUNC_NO_CALIBRATION;
        for (const int cpu : possible_cpus())
            options.cpus.add(static_cast<unsigned>(cpu));
        raise_open_file_limit();
        auto opened = krunc::Session::open(options);
        if (!opened)
            return opened.error().number();
        device_.emplace(std::move(*opened));
    }
    auto sample = device_->make_sample();
    if (const auto error = device_->end(sample))
        return error.number();
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
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    return busy.stop();
}

Result<Disturbance> SystemHost::disturbance_while_busy(int cpu, Load load, double seconds, bool trace)
{
    return krun::disturbance_while_busy(cpu, online_cpus(), load, seconds, trace);
}

} // namespace krun
