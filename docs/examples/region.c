// SPDX-License-Identifier: MIT
// Counters around a loop, and whether it was disturbed:  cc -O2 -o region region.c -lkruncounters
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <krun/counters.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(-error));
    exit(1);
}

static void work(void) // your benchmark's
{
    for (volatile long i = 0; i < 20 * 1000 * 1000; i++)
        ;
}

// There are values only for what the machine, the kernel and our permissions allow. The library knows what is in the
// way.
static void print_missing(const struct krunc_facts *facts)
{
    printf("way: %s\n", krunc_way_name(facts->way));
    for (uint32_t way = 0; way < facts->way; way++) {
        int error = facts->way_errors[way];
        if (error == 0)
            continue; // not tried
        printf("not by %s: %s\n", krunc_way_name(way), krunc_way_reason(way, error));
        if (krunc_way_remedy(way, error)[0] != '\0')
            printf("    remedy: %s\n", krunc_way_remedy(way, error));
    }
    for (uint32_t bit = 0; bit < 32; bit++)
        if (facts->counter_errors[bit] != 0)
            printf("missing: %s: %s\n", krunc_counter_name(1u << bit), strerror(-facts->counter_errors[bit]));
}

static void print_counts(const struct krunc_delta *delta)
{
    if (delta->derived & KRUNC_D_TIME)
        printf("seconds: %.6f\n", delta->seconds);
    if (delta->valid & KRUNC_CYCLES)
        printf("cycles: %" PRIu64 "\n", delta->cycles);
    if (delta->derived & KRUNC_D_CYCLES_ERROR) // those of the sampling itself
        printf("    give or take %" PRIu64 "\n", delta->cycles_error);
    if (delta->valid & KRUNC_INSTRUCTIONS)
        printf("instructions: %" PRIu64 "\n", delta->instructions);
    if (delta->derived & KRUNC_D_RATIO)
        printf("APERF/MPERF: %.3f, give or take %.3f\n", delta->ratio, delta->ratio_error);
    if (delta->derived & KRUNC_D_FREQUENCY)
        printf("mean frequency: %.0f MHz\n", delta->frequency / 1e6);
    if (delta->derived & KRUNC_D_BUSY)
        printf("busy: %.1f %%\n", 100 * delta->busy);
}

static void print_verdict(const struct krunc_verdict *verdict)
{
    printf("verdict: %s\n", krunc_verdict_name(verdict->kind));
    for (uint32_t cause = 0; cause < KRUNC_CAUSES; cause++)
        if (verdict->causes & (1u << cause))
            printf("    %s: %" PRIu64 "\n", krunc_cause_name(cause), verdict->counts[cause]);
}

int main(void)
{
    // A verdict is about a CPU: the loop must not move to another one.
    int cpu = sched_getcpu();
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    if (cpu < 0 || sched_setaffinity(0, sizeof(only), &only)) {
        perror("sched_setaffinity");
        return 1;
    }

    struct krunc_options options = {.size = sizeof(options), .cpus = &only, .cpus_size = sizeof(only)};
    struct krunc_session *session;
    check(krunc_open(&options, &session), "krunc_open");
    struct krunc_facts facts = {.size = sizeof(facts)};
    check(krunc_get_facts(session, &facts), "krunc_get_facts");
    print_missing(&facts);

    struct krunc_sample *before = calloc(1, facts.sample_size);
    struct krunc_sample *after = calloc(1, facts.sample_size);
    if (!before || !after)
        check(-ENOMEM, "calloc");

    int first = krunc_sample_begin(session, before, facts.sample_size);
    work();
    int last = krunc_sample_end(session, after, facts.sample_size);
    check(first, "krunc_sample_begin");
    check(last, "krunc_sample_end");

    // One CPU was asked for: its reading is the first.
    struct krunc_delta delta = {.size = sizeof(delta)};
    check(krunc_difference(&facts, before, after, 0, 0, &delta), "krunc_difference");
    print_counts(&delta);

    struct krunc_verdict verdict = {.size = sizeof(verdict)};
    check(krunc_judge(&facts, &delta, NULL, &verdict), "krunc_judge");
    print_verdict(&verdict);

    free(before);
    free(after);
    krunc_close(session);
    return 0;
}
