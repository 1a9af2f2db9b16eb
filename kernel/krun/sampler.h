/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_SAMPLER_H
#define _KRUN_SAMPLER_H

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/msr-index.h>
#include "cycles.h"

/**
 * struct krun_counts - the counters of one CPU
 * @aperf:	IA32_APERF
 * @mperf:	IA32_MPERF
 * @cycles:	core cycles, user and kernel mode
 */
struct krun_counts {
	u64 aperf;
	u64 mperf;
	u64 cycles;
};

/**
 * struct krun_slot - one CPU's part of a sample
 * @counts:	what it read
 * @err:	0, or why @counts is not to be used
 *
 * Each CPU writes its own slot, hence its own cache line.
 */
struct krun_slot {
	struct krun_counts counts;
	int err;
} ____cacheline_aligned_in_smp;

/**
 * struct krun_buffer - room for a sample of many CPUs
 * @mask:	CPU 0 .. @cpus - 1
 * @cpus:	number of CPUs that @mask is made for
 * @slots:	one for each possible CPU
 */
struct krun_buffer {
	cpumask_var_t mask;
	unsigned int cpus;
	struct krun_slot slots[];
};

struct krun_buffer *krun_buffer_alloc(void);
void krun_buffer_free(struct krun_buffer *buffer);

int krun_sampler_probe(int cpu);
int krun_sample_cpus(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first);

/**
 * krun_sample_local() - read the counters of this CPU; interrupts are off
 * @counts:	where they go
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 *
 * Return: 0, or -EBUSY when the core-cycle counter has been lost.
 */
static __always_inline int krun_sample_local(struct krun_counts *counts,
					     bool cycles_first)
{
	int err = 0;

	if (cycles_first) {
		err = krun_cycles_read_local(&counts->cycles);
		/* RDPMC is not ordered by itself: keep it before RDMSR. */
		rmb();
	}
	counts->aperf = krun_rdmsr(MSR_IA32_APERF);
	counts->mperf = krun_rdmsr(MSR_IA32_MPERF);
	if (!cycles_first) {
		/* And here behind RDMSR. */
		rmb();
		err = krun_cycles_read_local(&counts->cycles);
	}
	return err;
}

/* What @counts shows since the time of @baseline. */
static __always_inline void krun_subtract(struct krun_counts *counts,
					  const struct krun_counts *baseline)
{
	counts->aperf -= baseline->aperf;
	counts->mperf -= baseline->mperf;
	counts->cycles -= baseline->cycles;
}

#endif /* _KRUN_SAMPLER_H */
