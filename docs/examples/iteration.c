// SPDX-License-Identifier: MIT
// Samples every CPU right before and right after one iteration of a benchmark.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/krun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void iteration(void) // your benchmark's
{
    for (volatile long i = 0; i < 50 * 1000 * 1000; i++)
        ;
}

int main(void)
{
    int device = open("/dev/krun", O_RDWR | O_CLOEXEC);
    struct krun_info info = {.size = sizeof(info)};
    if (device < 0 || ioctl(device, KRUN_IOC_INFO, &info))
        fail("/dev/krun");

    // All possible CPUs. Not every CPU counts SMIs.
    struct krun_plan plan = {.size = sizeof(plan)};
    plan.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES | KRUN_COUNTER_INSTRUCTIONS;
    plan.counters |= info.counters & KRUN_COUNTER_SMI;
    if (ioctl(device, KRUN_IOC_PLAN, &plan))
        fail("KRUN_IOC_PLAN");

    size_t size = info.cpus * sizeof(struct krun_slot);
    struct krun_slot *before = malloc(size);
    const struct krun_slot *after = mmap(NULL, size, PROT_READ, MAP_SHARED, device, 0);
    if (!before || after == MAP_FAILED)
        fail("slots");

    long first = syscall(SYSCALL_KRUN_SAMPLE, device, 0);
    memcpy(before, after, size);
    iteration();
    long last = syscall(SYSCALL_KRUN_SAMPLE, device, 0);
    if (first < 0 || last < 0)
        fail("krun_sample");

    printf("CPU  busy  APERF/MPERF       cycles  instructions  SMIs\n");
    for (unsigned int cpu = 0; cpu < info.cpus; cpu++) {
        const struct krun_slot *from = &before[cpu], *to = &after[cpu];
        if (from->status != KRUN_STATUS_OK || to->status != KRUN_STATUS_OK)
            continue; // offline, or no counter to be had
        double aperf = to->aperf - from->aperf, mperf = to->mperf - from->mperf;
        printf("%3u %4.0f%% %12.3f %12llu %13llu %5llu\n", cpu, 100 * mperf / (to->tsc_after - from->tsc_after),
               aperf / mperf, to->cycles - from->cycles, to->instructions - from->instructions,
               to->smi_count - from->smi_count);
    }
    if (first != last)
        printf("moved from CPU %ld to CPU %ld\n", first, last);
    return 0;
}
