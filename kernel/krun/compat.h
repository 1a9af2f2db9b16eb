/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernel versions, or that is reached through
 * a private header of another subsystem, is wrapped here and nowhere else.
 */
#ifndef _KRUN_COMPAT_H
#define _KRUN_COMPAT_H

#include <linux/sysctl.h>
#include <linux/version.h>
#include <asm/msr.h>
#include "../arch/x86/events/perf_event.h"

/*
 * The plain instructions: the accessors that other code uses carry
 * tracepoints, which would be part of every sample.
 */
static __always_inline u64 krun_rdmsr(u32 msr)
{
	return __rdmsr(msr);
}

static __always_inline u64 krun_rdpmc(int counter)
{
	return native_read_pmc(counter);
}

static inline int krun_rdmsr_safe_on_cpu(int cpu, u32 msr, u64 *value)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return rdmsrq_safe_on_cpu(cpu, msr, value);
#else
	return rdmsrl_safe_on_cpu(cpu, msr, value);
#endif
}

/* Width in bits of the counters that perf programs. */
static inline int krun_counter_bits(void)
{
	return x86_pmu.cntval_bits;
}

/* @table ends with an empty entry, which @entries does not count. */
static inline bool krun_register_sysctl(struct ctl_table *table, size_t entries)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return register_sysctl_sz("kernel", table, entries);
#else
	return register_sysctl("kernel", table);
#endif
}

#endif /* _KRUN_COMPAT_H */
