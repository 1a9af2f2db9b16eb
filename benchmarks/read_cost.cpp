// SPDX-License-Identifier: MIT
// What one reading costs, by every way that this kernel offers, beside a null system call.
//
// The ways:
//   null       getppid(2): entry and exit of a system call, nothing else
//   krun       krun_read_msrs(2) of one CPU: APERF, MPERF and core cycles
//   sample     krun_sample(2) of the same with a plan of KRUN_SAMPLE_LOCAL
//   ioctl      the same by KRUN_IOC_SAMPLE
//   msr        three pread(2) of /dev/cpu/0/msr: APERF, MPERF, IA32_FIXED_CTR1
//   perf       one read(2) of a perf group: aperf, mperf (PMU "msr") and cpu-cycles would need two PMUs, which one
//              hardware group cannot hold; so the group is aperf + mperf, led by aperf
//   perf-read  one read(2) of one cpu-cycles event
//   library-call, library-begin, library-end
//              like sample, into the caller's memory: krunc_sample_end() of libkruncounters, and its two samplers
//   library-read, library-in-place
//              core cycles of the calling thread by RDPMC: krunc_read(), krunc_read_in_place()
//
// Prints one line a way: name, tab, count; "-" where the kernel does not have it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include <krun/counters.h>
#include <krun/thread_counter.h>

#include "krun-syscall.h"
#include "measure.hpp"

namespace
{

constexpr int repetitions = 2000;
constexpr off_t msr_mperf = 0xe7;
constexpr off_t msr_aperf = 0xe8;
constexpr off_t msr_fixed_ctr1 = 0x30a;

using measure::address;
using measure::print;
using measure::raw_syscall;

template <class F> std::uint64_t cost_of(F &&call)
{
    return measure::cost_of(
        repetitions, [] {}, call);
}

int read_sysfs_number(const char *path)
{
    FILE *file = std::fopen(path, "re");
    int value = -1;
    if (file == nullptr)
        return -1;
    if (std::fscanf(file, "%d", &value) != 1)
        value = -1;
    std::fclose(file);
    return value;
}

int read_event_code(const char *path)
{
    FILE *file = std::fopen(path, "re");
    unsigned code = 0;
    if (file == nullptr)
        return -1;
    const int found = std::fscanf(file, "event=%x", &code);
    std::fclose(file);
    return found == 1 ? static_cast<int>(code) : -1;
}

int open_event(std::uint32_t type, std::uint64_t config, int leader, bool group)
{
    perf_event_attr attr{};
    attr.size = sizeof(attr);
    attr.type = type;
    attr.config = config;
    attr.read_format = group ? PERF_FORMAT_GROUP : 0;
    return static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, leader, PERF_FLAG_FD_CLOEXEC));
}

std::optional<std::uint64_t> krun_cost()
{
    std::uint64_t aperf = 0;
    std::uint64_t mperf = 0;
    std::uint64_t cycles = 0;
    auto call = [&] {
        return raw_syscall(SYSCALL_KRUN_READ_MSRS, 1, 0, address(&aperf), address(&mperf), address(&cycles));
    };
    if (syscall(SYSCALL_KRUN_CONFIGURE, 1) != 0 || syscall(SYSCALL_KRUN_RESET_MSRS, 1) != 0 || call() != 0)
        return {};
    return cost_of(call);
}

template <class F> std::optional<std::uint64_t> sample_cost(F &&sample)
{
    const int fd = measure::open_plan(KRUN_SAMPLE_LOCAL);
    auto call = [&] { return sample(fd); };
    if (fd < 0 || call() < 0)
        return {};
    const std::uint64_t cost = cost_of(call);
    close(fd);
    return cost;
}

std::optional<std::uint64_t> msr_cost()
{
    const int fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
    std::uint64_t values[3] = {};
    auto read_one = [&](int i, off_t msr) {
        return raw_syscall(SYS_pread64, fd, address(&values[i]), sizeof(values[i]), msr);
    };
    auto call = [&] { return std::min({read_one(0, msr_aperf), read_one(1, msr_mperf), read_one(2, msr_fixed_ctr1)}); };
    if (fd < 0 || call() != sizeof(values[0]))
        return {};
    const std::uint64_t cost = cost_of(call);
    close(fd);
    return cost;
}

std::optional<std::uint64_t> perf_group_cost()
{
    const std::string pmu = "/sys/bus/event_source/devices/msr";
    const int type = read_sysfs_number((pmu + "/type").c_str());
    const int aperf = read_event_code((pmu + "/events/aperf").c_str());
    const int mperf = read_event_code((pmu + "/events/mperf").c_str());
    if (type < 0 || aperf < 0 || mperf < 0)
        return {};
    const int leader = open_event(static_cast<std::uint32_t>(type), static_cast<std::uint64_t>(aperf), -1, true);
    const int member = open_event(static_cast<std::uint32_t>(type), static_cast<std::uint64_t>(mperf), leader, true);
    std::uint64_t values[3] = {};
    auto call = [&] { return raw_syscall(SYS_read, leader, address(values), sizeof(values)); };
    if (leader < 0 || member < 0 || call() != sizeof(values))
        return {};
    const std::uint64_t cost = cost_of(call);
    close(member);
    close(leader);
    return cost;
}

std::optional<std::uint64_t> perf_read_cost()
{
    const int fd = open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, -1, false);
    std::uint64_t value = 0;
    auto call = [&] { return raw_syscall(SYS_read, fd, address(&value), sizeof(value)); };
    if (fd < 0 || call() != sizeof(value))
        return {};
    const std::uint64_t cost = cost_of(call);
    close(fd);
    return cost;
}

// A session of the calling thread; null if the way is not there.
krunc_session *open_library(krunc_way way, std::uint32_t counters)
{
    krunc_options options{};
    options.size = sizeof(options);
    options.scope = KRUNC_SCOPE_THREAD;
    options.ways = 1u << way;
    options.counters = counters;
    options.required = counters;
    krunc_session *session = nullptr;
    return krunc_open(&options, &session) == 0 ? session : nullptr;
}

template <class F> std::optional<std::uint64_t> library_sample_cost(F &&make_call)
{
    krunc_session *session = open_library(KRUNC_WAY_DEVICE, KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES);
    alignas(krunc_sample) static char memory[sizeof(krunc_sample) + sizeof(krunc_reading)];
    auto *sample = reinterpret_cast<krunc_sample *>(memory);
    if (session == nullptr)
        return {};
    auto call = make_call(session, sample, sizeof(memory));
    const bool works = call() == 0;
    const std::uint64_t cost = works ? cost_of(call) : 0;
    krunc_close(session);
    return works ? std::optional(cost) : std::nullopt;
}

std::optional<std::uint64_t> library_call_cost()
{
    return library_sample_cost([](krunc_session *session, krunc_sample *sample, std::size_t size) {
        return [=] { return krunc_sample_end(session, sample, size); };
    });
}

std::optional<std::uint64_t> library_sampler_cost(bool at_end)
{
    return library_sample_cost([at_end](krunc_session *session, krunc_sample *sample, std::size_t) {
        krunc_sampler begin = nullptr;
        krunc_sampler end = nullptr;
        krunc_get_samplers(session, &begin, &end);
        return [sampler = at_end ? end : begin, session, sample] { return sampler(session, sample); };
    });
}

std::optional<std::uint64_t> library_read_cost(bool in_place)
{
    krunc_session *session = open_library(KRUNC_WAY_PERF, KRUNC_CYCLES);
    krunc_thread_counter cycles{};
    std::uint64_t value = 0;
    if (session == nullptr || krunc_get_thread_counter(session, KRUNC_CYCLES, &cycles) != 0 ||
        krunc_read(session, KRUNC_CYCLES, &value) != 0 || krunc_read_in_place(&cycles, &value) == 0)
        return {};
    const std::uint64_t cost = in_place ? cost_of([&] { krunc_read_in_place(&cycles, &value); })
                                        : cost_of([&] { krunc_read(session, KRUNC_CYCLES, &value); });
    krunc_close(session);
    return cost;
}

} // namespace

int main()
{
    if (!measure::pin_to_cpu0()) {
        std::perror("read_cost: sched_setaffinity");
        return 1;
    }
    print("null", cost_of([] { raw_syscall(SYS_getppid); }));
    print("krun", krun_cost());
    print("sample", sample_cost([](int fd) { return raw_syscall(SYSCALL_KRUN_SAMPLE, fd, 0); }));
    print("ioctl", sample_cost([](int fd) { return raw_syscall(SYS_ioctl, fd, KRUN_IOC_SAMPLE, 0); }));
    print("msr", msr_cost());
    print("perf-group", perf_group_cost());
    print("perf-read", perf_read_cost());
    print("library-call", library_call_cost());
    print("library-begin", library_sampler_cost(false));
    print("library-end", library_sampler_cost(true));
    print("library-read", library_read_cost(false));
    print("library-in-place", library_read_cost(true));
    return 0;
}
