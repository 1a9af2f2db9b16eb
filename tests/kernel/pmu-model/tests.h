/* SPDX-License-Identifier: GPL-2.0-only */

#ifndef TESTS_H
#define TESTS_H

#include "tap.h"

/* test_probe.c: what the guest sees of the model */
void test_cpuid(struct tap *t);
void test_driver(struct tap *t);

/* test_counting.c: the counts agree with one another */
void test_aperf_mperf_ratio(struct tap *t);
void test_mperf_is_tsc(struct tap *t);
void test_aperf_monotonic(struct tap *t);
void test_aperf_writable(struct tap *t);
void test_cycles_are_aperf(struct tap *t);
void test_instructions_per_cycle(struct tap *t);
void test_unmodelled_event(struct tap *t);
void test_rings(struct tap *t);

/* test_halt.c: CPUs that do not run */
void test_halted_cpu(struct tap *t);
void test_hotplug(struct tap *t);

/* test_interrupts.c: overflow */
void test_sampling(struct tap *t);
void test_nmi_watchdog(struct tap *t);

/* test_rdpmc.c: reading from user space */
void test_rdpmc_equals_read(struct tap *t);
void test_rdpmc_faults(struct tap *t);

/* test_amd.c: what only AMD has */
void test_rdpru(struct tap *t);
void test_amd_msrs(struct tap *t);
void test_amd_aliases(struct tap *t);

/* Shared: cycles of one busy CPU against its APERF (test_counting.c). */
void check_cycles_on_cpu(struct tap *t, int cpu);

#endif
