// SPDX-License-Identifier: GPL-2.0-only
//
// Tests the Krun system calls: configures every CPU, resets the counters, prints
// them periodically and verifies that each of them increases.
//
//   ./test_prog [readings [seconds between them]]	(default: 10 1)
//
// Exits with 0 if every counter kept increasing, else with 1.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "krun-syscall.h"

namespace
{

struct Reading {
    std::vector<uint64_t> aperf, mperf, cycles;

    explicit Reading(int cpus) : aperf(cpus), mperf(cpus), cycles(cpus) {}
};

[[noreturn]] void fail(const char *call)
{
    std::fprintf(stderr, "test_prog: %s: %s\n", call, std::strerror(errno));
    if (errno == ENOSYS)
        std::fprintf(stderr, "This is not a Krun kernel: see uname -r.\n");
    if (errno == EPERM)
        std::fprintf(stderr, "Run it as root, or set the sysctl kernel.krun_unprivileged to 1.\n");
    if (errno == EOPNOTSUPP)
        std::fprintf(stderr, "The kernel's log (dmesg) names the missing counter.\n");
    std::exit(1);
}

Reading read_counters(int cpus)
{
    Reading reading(cpus);

    if (syscall(SYSCALL_KRUN_READ_MSRS, cpus, 0, reading.aperf.data(), reading.mperf.data(), reading.cycles.data()) !=
        0)
        fail("krun_read_msrs");
    return reading;
}

void print(int number, const Reading &reading)
{
    std::printf("reading %d\n%5s %20s %20s %20s\n", number, "CPU", "APERF", "MPERF", "core cycles");
    for (size_t cpu = 0; cpu < reading.aperf.size(); cpu++)
        std::printf("%5zu %20llu %20llu %20llu\n", cpu, static_cast<unsigned long long>(reading.aperf[cpu]),
                    static_cast<unsigned long long>(reading.mperf[cpu]),
                    static_cast<unsigned long long>(reading.cycles[cpu]));
    std::fflush(stdout);
}

bool increased(const Reading &before, const Reading &after)
{
    bool all = true;

    for (size_t cpu = 0; cpu < after.aperf.size(); cpu++) {
        if (after.aperf[cpu] > before.aperf[cpu] && after.mperf[cpu] > before.mperf[cpu] &&
            after.cycles[cpu] > before.cycles[cpu])
            continue;
        std::fprintf(stderr, "test_prog: CPU %zu: a counter did not increase\n", cpu);
        all = false;
    }
    return all;
}

void pause_for(double seconds)
{
    timespec time{};

    time.tv_sec = static_cast<time_t>(seconds);
    time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
    nanosleep(&time, nullptr);
}

} // namespace

int main(int argc, char **argv)
{
    const int cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    const int readings = argc > 1 ? std::atoi(argv[1]) : 10;
    const double seconds = argc > 2 ? std::atof(argv[2]) : 1.0;

    if (argc > 3 || readings < 2 || seconds < 0) {
        std::fprintf(stderr, "usage: test_prog [readings (at least 2) [seconds between them]]\n");
        return 2;
    }
    if (syscall(SYSCALL_KRUN_CONFIGURE, cpus) != 0)
        fail("krun_configure");
    if (syscall(SYSCALL_KRUN_RESET_MSRS, cpus) != 0)
        fail("krun_reset_msrs");

    Reading before = read_counters(cpus);
    bool good = true;

    print(1, before);
    for (int number = 2; number <= readings; number++) {
        pause_for(seconds);
        Reading after = read_counters(cpus);
        print(number, after);
        good = increased(before, after) && good;
        before = after;
    }
    std::printf("%s\n", good ? "every counter of every CPU kept increasing" : "FAILED: a counter did not increase");
    return good ? 0 : 1;
}
