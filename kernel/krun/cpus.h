/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPUs that can be sampled, and their epochs.
 */
#ifndef _KRUN_CPUS_H
#define _KRUN_CPUS_H

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct krun_restart - makes an MSR that restarts appear to count on
 * @last:	the value when it was last seen before it may have restarted
 * @offset:	what is added to the MSR
 */
struct krun_restart {
	u64 last;
	u64 offset;
};

/**
 * struct krun_cpu - what there is to know of a CPU
 * @epoch:	see struct krun_slot; only the CPU itself changes it, with interrupts
 *		off, or whoever holds krun_cpus_lock while it is not running
 * @counters:	KRUN_COUNTER_* that are MSRs and that it has
 * @own:	samples that have interrupted it
 * @aperf:	for the older calls, whose values never get smaller
 * @mperf:	the same
 */
struct krun_cpu {
	u32 epoch;
	u32 counters;
	u32 own;
	struct krun_restart aperf;
	struct krun_restart mperf;
};

DECLARE_PER_CPU(struct krun_cpu, krun_cpu);

/*
 * From the end of coming online to the beginning of going offline, and not while
 * the machine is suspended. A CPU in it stays online, and can be interrupted, while
 * preemption is off here; it may take itself out meanwhile.
 */
extern struct cpumask krun_running_cpus;

/* Guards the counters of all CPUs against being started and stopped. */
extern struct mutex krun_cpus_lock;

static __always_inline bool krun_cpu_running(int cpu)
{
	return cpumask_test_cpu(cpu, &krun_running_cpus);
}

int krun_cpus_init(void);
void krun_cpus_exit(void);
u32 krun_cpu_msrs(int cpu);
int krun_cpu_probe(int cpu, u32 counters);
void krun_epoch_change(void);

#endif /* _KRUN_CPUS_H */
