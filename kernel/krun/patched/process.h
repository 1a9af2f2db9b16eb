/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the Krun system calls for each process (thread group), from its first
 * krun_configure() until its last thread exits.
 */
#ifndef _KRUN_PROCESS_H
#define _KRUN_PROCESS_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include "compat.h"
#include "sampler.h"

/**
 * struct krun_counts - what the calls read of one CPU
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

/*
 * What the counters showed at the latest reset. Replaced as a whole, so that a
 * reading never sees half of a reset.
 */
struct krun_baseline {
	struct rcu_head rcu;
	struct krun_counts counts[];
};

/**
 * struct krun_process - per-process state
 * @lock:	serialises configure and reset; readings do not take it
 * @exec_id:	of the program that it belongs to: execve() ends what it permits
 * @cpus:	CPU 0 .. @cpus - 1 are configured
 * @permanent:	CPU 0 .. @permanent - 1 are so by CAP_PERFMON
 * @held:	CPU 0 .. @held - 1 have a counter that is ours; only ever grows
 * @revocable:	in the list of those that have some by the sysctl alone
 * @baseline:	latest reset; NULL before the first one
 * @buffer_busy: bit 0 is set while a thread samples into @buffer
 * @buffer:	so that sampling many CPUs allocates nothing
 */
struct krun_process {
	struct mutex lock;	/* configure and reset */
	u64 exec_id;
	unsigned int cpus;
	unsigned int permanent;
	unsigned int held;
	struct list_head revocable;
	struct krun_baseline __rcu *baseline;
	unsigned long buffer_busy;
	struct krun_buffer *buffer;
};

/* The calling process's state; NULL before its first krun_configure(). */
static __always_inline struct krun_process *krun_process_current(void)
{
	/* Pairs with the cmpxchg_release() in krun_process_get(). */
	return smp_load_acquire(&current->signal->krun);
}

/**
 * krun_read_own_counts() - read the counters of this CPU; interrupts are off
 * @counts:	where they go
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 *
 * Return: 0, or -EBUSY when the core-cycle counter has been lost.
 */
static __always_inline int krun_read_own_counts(struct krun_counts *counts,
						bool cycles_first)
{
	int err = 0;

	if (cycles_first) {
		err = krun_cycles_read_usual(&counts->cycles);
		/* RDPMC is not ordered by itself: keep it before RDMSR. */
		rmb();
	}
	counts->aperf = krun_rdmsr(MSR_IA32_APERF);
	counts->mperf = krun_rdmsr(MSR_IA32_MPERF);
	if (!cycles_first) {
		/* And here after RDMSR. */
		rmb();
		err = krun_cycles_read_usual(&counts->cycles);
	}
	counts->aperf += this_cpu_read(krun_cpu.aperf.offset);
	counts->mperf += this_cpu_read(krun_cpu.mperf.offset);
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

static inline void krun_subtract_from_slot(struct krun_slot *slot,
					   const struct krun_counts *baseline)
{
	slot->aperf -= baseline->aperf;
	slot->mperf -= baseline->mperf;
	slot->cycles -= baseline->cycles;
}

static inline struct krun_counts krun_counts_of(const struct krun_slot *slot)
{
	return (struct krun_counts) { slot->aperf, slot->mperf, slot->cycles };
}

int krun_read_counts(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first, bool slept);
struct krun_process *krun_process_get(void);
int krun_process_configure(struct krun_process *process, unsigned int cpus,
			   bool revocable);
int krun_process_reset(struct krun_process *process, unsigned int cpus);
struct krun_buffer *krun_process_take_buffer(struct krun_process *process);
void krun_process_return_buffer(struct krun_process *process,
				struct krun_buffer *buffer);

extern int krun_unprivileged;
void krun_process_revoke(void);

#endif /* _KRUN_PROCESS_H */
