/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_DEVICE_H
#define _KRUN_DEVICE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include "plan.h"

struct file;

/**
 * struct krun_file - an open /dev/krun
 * @lock:	serialises planning; samples do not take it
 * @plan:	what is sampled; &krun_no_plan before the first KRUN_IOC_PLAN
 * @slots:	one for each possible CPU, for user space to map
 * @samples:	number of the latest sample
 * @plans:	how many there were
 * @sealed:	there will be no other plan
 */
struct krun_file {
	struct mutex lock;	/* planning */
	struct krun_held_plan __rcu *plan;
	struct krun_slot *slots;
	atomic_t samples;
	u32 plans;
	bool sealed;
};

extern struct krun_held_plan krun_no_plan;

long krun_file_control(struct file *filp, unsigned int command,
		       unsigned long argument);

#endif /* _KRUN_DEVICE_H */
