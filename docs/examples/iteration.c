// SPDX-License-Identifier: MIT
// Samples every CPU right before and right after one iteration of a benchmark.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/krun.h>
#include <stdint.h>
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

static uint32_t sum_of_interrupts(const struct krun_slot *slot)
{
    return slot->irq_timer + slot->irq_reschedule + slot->irq_call + slot->irq_device + slot->irq_nmi +
           slot->irq_other - slot->own;
}

int main(void)
{
    int device = open("/dev/krun", O_RDWR | O_CLOEXEC);
    struct krun_info info;
    if (device < 0 || ioctl(device, KRUN_IOC_INFO, &info))
        fail("/dev/krun");

    // All possible CPUs. Not every CPU counts SMIs.
    struct krun_plan plan = {0};
    plan.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES | KRUN_COUNTER_INSTRUCTIONS;
    plan.counters |= KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_SWITCHES | (info.counters & KRUN_COUNTER_SMI);
    if (ioctl(device, KRUN_IOC_PLAN, &plan))
        fail("KRUN_IOC_PLAN");

    size_t size = (size_t)info.cpus * info.slot_size;
    char *before = malloc(size);
    const char *after = mmap(NULL, size, PROT_READ, MAP_SHARED, device, 0);
    if (!before || after == MAP_FAILED)
        fail("slots");

    long first = syscall(SYSCALL_KRUN_SAMPLE, device, 0);
    memcpy(before, after, size);
    iteration();
    long last = syscall(SYSCALL_KRUN_SAMPLE, device, 0);
    if (first < 0 || last < 0)
        fail("krun_sample");

    printf("CPU  busy  APERF/MPERF       cycles  instructions  interrupts  switches  SMIs\n");
    for (unsigned int cpu = 0; cpu < info.cpus; cpu++) {
        const struct krun_slot *from = (const void *)(before + cpu * info.slot_size);
        const struct krun_slot *to = (const void *)(after + cpu * info.slot_size);
        if (from->status != KRUN_STATUS_OK || to->status != KRUN_STATUS_OK || from->epoch != to->epoch)
            continue; // offline, no counter to be had, or it did not count all the time
        double aperf = to->aperf - from->aperf, mperf = to->mperf - from->mperf;
        // Of 32 bits, which may wrap; the samples' own do not disturb the iteration.
        uint32_t interrupts = sum_of_interrupts(to) - sum_of_interrupts(from);
        printf("%3u %4.0f%% %12.3f %12llu %13llu %11u %9u %5u\n", cpu, 100 * mperf / (to->tsc - from->tsc),
               aperf / mperf, to->cycles - from->cycles, to->instructions - from->instructions, interrupts,
               to->switches - from->switches, to->smi - from->smi);
    }
    if (first != last)
        printf("moved from CPU %ld to CPU %ld\n", first, last);
    return 0;
}
