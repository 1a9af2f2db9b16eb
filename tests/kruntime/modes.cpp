// SPDX-License-Identifier: MIT
#include "modes.hpp"

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/syscall.h>

#include <krun-syscall.h>

#include "kruntime.h"

extern "C" {
int32_t Java_IterationsRunner_JNI_1krun_1get_1num_1cores(void *, void *);
int64_t Java_IterationsRunner_JNI_1krun_1get_1core_1cycles(void *, void *, int32_t, int32_t);
int64_t Java_IterationsRunner_JNI_1krun_1get_1aperf(void *, void *, int32_t, int32_t);
int64_t Java_IterationsRunner_JNI_1krun_1get_1mperf(void *, void *, int32_t, int32_t);
}

namespace
{

void write_to(const std::string &path, const char *text)
{
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT(fd >= 0);
    EXPECT(write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text)));
    close(fd);
}

void work()
{
    for (int i = 0; i < 300000; ++i)
        asm volatile("");
}

void iteration()
{
    krun_measure(0);
    work();
    krun_measure(1);
}

// The modes of the original's test program.

void cycles_u64()
{
    iteration();
    EXPECT(krun_get_core_cycles(0, 0) < krun_get_core_cycles(1, 0));
}

void cycles_double()
{
    EXPECT(krun_get_core_cycles_double(0, 0) == 0); // not measured yet
    EXPECT(krun_get_core_cycles_double(1, 0) == 0);
    iteration();
    EXPECT(krun_get_core_cycles_double(0, 0) < krun_get_core_cycles_double(1, 0));
}

void cycles_double_prec_ok() { EXPECT(krun_u64_to_double(666) == 666.0); }

void cycles_double_prec_bad() { krun_u64_to_double((uint64_t{1} << 62) - 1); }

void cycles_u64_double_ratio()
{
    iteration();
    for (int end = 0; end < 2; ++end)
        EXPECT(krun_get_core_cycles_double(end, 0) == static_cast<double>(krun_get_core_cycles(end, 0)));
}

void clock_gettime_monotonic()
{
    krun_measure(0);
    work();
    krun_measure(1);
    EXPECT(krun_get_wallclock(0) < krun_get_wallclock(1));
}

void aperf_mperf()
{
    krun_measure(0);
    EXPECT(krun_get_aperf(0, 0) > 0); // since krun_init()
    EXPECT(krun_get_mperf(0, 0) > 0);
}

void aperf()
{
    iteration();
    EXPECT(krun_get_aperf(0, 0) < krun_get_aperf(1, 0));
    EXPECT(krun_get_aperf_double(1, 0) == static_cast<double>(krun_get_aperf(1, 0)));
}

void mperf()
{
    iteration();
    EXPECT(krun_get_mperf(0, 0) < krun_get_mperf(1, 0));
    EXPECT(krun_get_mperf_double(1, 0) == static_cast<double>(krun_get_mperf(1, 0)));
}

void core_bounds_check()
{
    krun_measure(0);
    krun_get_mperf(0, krun_get_num_cores());
}

void negative_core() { krun_get_aperf(0, -1); }

void core_before_init() { krun_get_core_cycles(0, 0); }

void mdata_index_bounds_check()
{
    krun_measure(0);
    krun_get_mperf(2, 0);
}

void read_everything_all_cores()
{
    iteration();
    EXPECT(krun_get_num_cores() == sysconf(_SC_NPROCESSORS_ONLN));
    for (int core = 0; core < krun_get_num_cores(); ++core) {
        EXPECT(krun_get_core_cycles(0, core) <= krun_get_core_cycles(1, core));
        EXPECT(krun_get_aperf(0, core) <= krun_get_aperf(1, core));
        EXPECT(krun_get_mperf(0, core) <= krun_get_mperf(1, core));
    }
    krun_check_mdata();
}

// What else clients rely on.

// Some declare a result of 64 bits.
void all_bits_of_the_number_of_cores()
{
    using Wide = uint64_t (*)();
    const auto wide = reinterpret_cast<Wide>(reinterpret_cast<void *>(krun_get_num_cores));
    EXPECT(wide() == static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN)));
}

void begins_at_zero()
{
    for (int i = 0; i < 20; ++i)
        iteration();
    const uint64_t many = krun_get_mperf(1, 0);
    krun_init();
    EXPECT(krun_get_mperf(1, 0) == 0);
    krun_measure(0);
    EXPECT(krun_get_mperf(0, 0) < many);
}

void never_gets_smaller()
{
    uint64_t latest = 0;
    for (int i = 0; i < 20; ++i) {
        iteration();
        EXPECT(latest <= krun_get_aperf(0, 0));
        latest = krun_get_aperf(1, 0);
    }
}

// Only the second of two beginnings counts.
void begins_twice()
{
    krun_measure(0);
    work();
    const uint64_t first = krun_get_mperf(0, 0);
    iteration();
    EXPECT(first < krun_get_mperf(0, 0));
    EXPECT(krun_get_mperf(0, 0) < krun_get_mperf(1, 0));
}

struct Counts {
    uint64_t aperf, mperf, cycles;
};

Counts counts_of_system_call()
{
    Counts counts{};
    EXPECT(syscall(SYSCALL_KRUN_READ_MSRS, 1, false, &counts.aperf, &counts.mperf, &counts.cycles) == 0);
    return counts;
}

bool in_order(const Counts &a, const Counts &b)
{
    return a.aperf <= b.aperf && a.mperf <= b.mperf && a.cycles <= b.cycles;
}

Counts difference(const Counts &a, const Counts &b)
{
    return {b.aperf - a.aperf, b.mperf - a.mperf, b.cycles - a.cycles};
}

// Each counter is what it is called: more than between two system calls inside, less than between two outside.
void counts_are_those_of_the_system_calls()
{
    const bool permitted = syscall(SYSCALL_KRUN_CONFIGURE, 1) == 0;
    EXPECT(permitted || !root());
    if (!permitted)
        std::exit(skipped);
    const Counts before = counts_of_system_call();
    krun_measure(0);
    const Counts first = counts_of_system_call();
    for (int i = 0; i < 10; ++i)
        work();
    const Counts last = counts_of_system_call();
    krun_measure(1);
    const Counts after = counts_of_system_call();
    const Counts ours = {krun_get_aperf(1, 0) - krun_get_aperf(0, 0), krun_get_mperf(1, 0) - krun_get_mperf(0, 0),
                         krun_get_core_cycles(1, 0) - krun_get_core_cycles(0, 0)};
    EXPECT(in_order(difference(first, last), ours));
    EXPECT(in_order(ours, difference(before, after)));
}

void is_the_same_for_java()
{
    iteration();
    const int cores = krun_get_num_cores();
    EXPECT(Java_IterationsRunner_JNI_1krun_1get_1num_1cores(nullptr, nullptr) == cores);
    for (int end = 0; end < 2; ++end) {
        for (int core = 0; core < cores; ++core) {
            EXPECT(Java_IterationsRunner_JNI_1krun_1get_1core_1cycles(nullptr, nullptr, end, core) ==
                   static_cast<int64_t>(krun_get_core_cycles(end, core)));
            EXPECT(Java_IterationsRunner_JNI_1krun_1get_1aperf(nullptr, nullptr, end, core) ==
                   static_cast<int64_t>(krun_get_aperf(end, core)));
            EXPECT(Java_IterationsRunner_JNI_1krun_1get_1mperf(nullptr, nullptr, end, core) ==
                   static_cast<int64_t>(krun_get_mperf(end, core)));
        }
    }
}

void keeps_what_was_measured()
{
    iteration();
    const int cores = krun_get_num_cores();
    const uint64_t count = krun_get_mperf(1, 0);
    krun_done();
    EXPECT(krun_get_num_cores() == cores);
    EXPECT(krun_get_mperf(1, 0) == count);
}

void measures_after_done()
{
    krun_done();
    krun_measure(0);
}

void measures_the_wall_clock_on_request()
{
    setenv("KRUN_MSRS", "0", 1);
    krun_init();
    EXPECT(krun_get_num_cores() == 0);
    iteration();
    EXPECT(krun_get_wallclock(0) < krun_get_wallclock(1));
    krun_get_aperf(0, 0);
}

void goes_on_after_a_break_between_iterations()
{
    if (!root())
        std::exit(skipped);
    iteration();
    const uint64_t earlier = krun_get_mperf(1, last_cpu());
    set_online(last_cpu(), false);
    set_online(last_cpu(), true);
    iteration();
    EXPECT(earlier <= krun_get_mperf(0, last_cpu()));
}

void break_within_an_iteration()
{
    if (!root())
        std::exit(skipped);
    krun_measure(0);
    set_online(last_cpu(), false);
    set_online(last_cpu(), true);
    krun_measure(1);
}

void cpu_goes_offline()
{
    if (!root())
        std::exit(skipped);
    set_online(last_cpu(), false);
    krun_measure(0);
    krun_measure(1);
}

// Cores are the CPUs that are online, however they are numbered.
void counts_what_is_online()
{
    if (!root())
        std::exit(skipped);
    set_online(1, false);
    krun_init();
    EXPECT(krun_get_num_cores() == last_cpu());
    iteration();
    EXPECT(krun_get_mperf(0, krun_get_num_cores() - 1) <= krun_get_mperf(1, krun_get_num_cores() - 1));
}

void init_is_denied() { krun_init(); }

void init_is_denied_as_required()
{
    setenv("KRUN_MSRS", "1", 1);
    krun_init();
}

} // namespace

void set_online(int cpu, bool online)
{
    write_to("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online", online ? "1" : "0");
}

#define MODE(function) #function, function

const std::vector<Mode> modes = {
    {MODE(cycles_u64), true, nullptr},
    {MODE(cycles_double), true, nullptr},
    {MODE(cycles_double_prec_ok), true, nullptr},
    {MODE(cycles_double_prec_bad), true, "Loss of precision detected!"},
    {MODE(cycles_u64_double_ratio), true, nullptr},
    {MODE(clock_gettime_monotonic), false, nullptr},
    {MODE(aperf_mperf), true, nullptr},
    {MODE(aperf), true, nullptr},
    {MODE(mperf), true, nullptr},
    {MODE(core_bounds_check), true, "krun_get_mperf: core out of range"},
    {MODE(negative_core), true, "krun_get_aperf: core out of range"},
    {MODE(core_before_init), false, "krun_get_core_cycles: core out of range"},
    {MODE(mdata_index_bounds_check), true, "mdata index out of range"},
    {MODE(read_everything_all_cores), true, nullptr},
    {MODE(all_bits_of_the_number_of_cores), true, nullptr},
    {MODE(begins_at_zero), true, nullptr},
    {MODE(never_gets_smaller), true, nullptr},
    {MODE(begins_twice), true, nullptr},
    {MODE(counts_are_those_of_the_system_calls), true, nullptr},
    {MODE(is_the_same_for_java), true, nullptr},
    {MODE(keeps_what_was_measured), true, nullptr},
    {MODE(measures_after_done), true, "krun_measure: called after krun_done()"},
    {MODE(measures_the_wall_clock_on_request), false, "libkruntime was built without MSR support"},
    {MODE(goes_on_after_a_break_between_iterations), true, nullptr},
    {MODE(break_within_an_iteration), true, "did not count through"},
    {MODE(cpu_goes_offline), true, "offline"},
    {MODE(counts_what_is_online), false, nullptr},
};

const std::vector<Mode> modes_of_the_denied = {
    {MODE(clock_gettime_monotonic), false, nullptr},
    {MODE(init_is_denied), false, "device: /dev/krun may not be opened"},
    {MODE(init_is_denied_as_required), false, "calls: "},
    {MODE(measures_the_wall_clock_on_request), false, "libkruntime was built without MSR support"},
};
