/* SPDX-License-Identifier: MIT */
/*
 * libkruntime: the client library of the Krun Benchmarking System, on libkruncounters. See libkruntime(7).
 *
 * Iteration runners in many languages declare these functions themselves, so no signature here can ever change. As they
 * expect, a function that fails prints why to stderr and ends the process with status 1.
 */
#ifndef KRUN_KRUNTIME_H
#define KRUN_KRUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `end` is 0 before an iteration and 1 after it; a core is numbered as krun_init() found it, from 0. */
void krun_init(void);
void krun_done(void);
void krun_measure(int end);
int krun_get_num_cores(void); /* 0: only the wall clock is measured */

double krun_get_wallclock(int end); /* seconds */
uint64_t krun_get_core_cycles(int end, int core);
uint64_t krun_get_aperf(int end, int core);
uint64_t krun_get_mperf(int end, int core);

/* For languages whose numbers are doubles; a value that a double cannot hold is an error. */
double krun_get_core_cycles_double(int end, int core);
double krun_get_aperf_double(int end, int core);
double krun_get_mperf_double(int end, int core);
double krun_u64_to_double(uint64_t value);

void *krun_xcalloc(size_t count, size_t size);
double krun_clock_gettime_monotonic(void); /* seconds of CLOCK_MONOTONIC_RAW */
void krun_check_mdata(void);               /* is nothing smaller after the iteration than before? */

#ifdef __cplusplus
}
#endif

#endif /* KRUN_KRUNTIME_H */
