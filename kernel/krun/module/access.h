/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module finds out by itself, because the kernel does not export it. A
 * kernel that has us built in gives more: see patched/access.h.
 */
#ifndef _KRUN_ACCESS_H
#define _KRUN_ACCESS_H

#include <linux/sched/isolation.h>
#include "compat.h"
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#endif

/* KRUN_FEATURE_* that every module has. */
#define KRUN_FEATURES_ACCESS KRUN_FEATURE_MODULE

int krun_counter_bits(void);
bool krun_pmu_has_event(u64 config);
struct pmu *krun_cpu_pmu(int cpu);
void krun_pmu_probe(int cpu);
void krun_pmu_hold(void);
void krun_pmu_unhold(void);
int krun_perf_allow_cpu(void);

int krun_switches_register(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS));
void krun_switches_unregister(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS));

static inline bool krun_is_cpu_pmu(const struct pmu *pmu, int cpu)
{
	return pmu == krun_cpu_pmu(cpu);
}

/*
 * Whether @cpu is an adaptive-tick CPU. Not tick_nohz_full_cpu(), whose mask is
 * not exported by every kernel.
 */
static inline bool krun_nohz_full_cpu(int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	return !housekeeping_test_cpu(cpu, HK_TYPE_TICK);
#else
	return !housekeeping_test_cpu(cpu, HK_FLAG_TICK);
#endif
}

#endif /* _KRUN_ACCESS_H */
