/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_SAMPLER_H
#define _KRUN_SAMPLER_H

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/types.h>

/**
 * struct krun_slot - one CPU's part of a sample
 * @aperf:	IA32_APERF
 * @mperf:	IA32_MPERF
 * @cycles:	core cycles, user and kernel mode
 * @err:	0, or why @cycles could not be read
 *
 * Each CPU writes its own slot, hence its own cache line.
 */
struct krun_slot {
	u64 aperf;
	u64 mperf;
	u64 cycles;
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
int krun_sample_cpu0(struct krun_slot *slot, bool cycles_first);
int krun_sample_cpus(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first);

#endif /* _KRUN_SAMPLER_H */
