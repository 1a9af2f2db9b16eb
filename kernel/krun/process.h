/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Krun system calls keep for each process (thread group), from its
 * first krun_configure() until its last thread exits.
 */
#ifndef _KRUN_PROCESS_H
#define _KRUN_PROCESS_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include "sampler.h"

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
 * @lock:	serialises configure and reset; readings do without it
 * @cpus:	CPU 0 .. @cpus - 1 are configured; only ever grows
 * @baseline:	latest reset; NULL before the first one
 * @buffer_busy: bit 0 is set while a thread samples into @buffer
 * @buffer:	sampling of many CPUs allocates nothing thanks to it
 */
struct krun_process {
	struct mutex lock;	/* configure and reset */
	unsigned int cpus;
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

struct krun_process *krun_process_get(void);
int krun_process_configure(struct krun_process *process, unsigned int cpus);
int krun_process_reset(struct krun_process *process, unsigned int cpus);
struct krun_buffer *krun_process_take_buffer(struct krun_process *process);
void krun_process_return_buffer(struct krun_process *process,
				struct krun_buffer *buffer);

#endif /* _KRUN_PROCESS_H */
