/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_RENDEZVOUS_H
#define _KRUN_RENDEZVOUS_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct krun_rendezvous - CPUs that start at the same time
 * @arrived:	how many interrupted CPUs are waiting
 * @start:	the time stamp at which all start; 0 until the caller sets it
 */
struct krun_rendezvous {
	atomic_t arrived;
	u64 start;
};

u64 krun_rendezvous_call(struct krun_rendezvous *rendezvous,
			 unsigned int expected);
bool krun_rendezvous_join(struct krun_rendezvous *rendezvous);
bool krun_rendezvous_start(u64 start);

#endif /* _KRUN_RENDEZVOUS_H */
