/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_DEVICE_H
#define _KRUN_DEVICE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/types.h>
#include "plan.h"
#include "sampler.h"

struct file;
struct file_operations;

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

/* Snapshots and shields need preparation by a plan. */
#define KRUN_SAMPLE_CALL (KRUN_SAMPLE_ALL & ~KRUN_SAMPLE_IDLE_SNAPSHOT)

extern struct krun_held_plan krun_no_plan;
extern const struct file_operations krun_file_operations;

int krun_device_init(void);
void krun_device_exit(void);
int krun_sample_many(struct krun_file *file, unsigned int flags);
int krun_sample_local_unusual(const struct krun_held_plan *plan,
			      struct krun_slot *slot);
long krun_file_control(struct file *filp, unsigned int command,
		       unsigned long argument);

/* Return: the CPU that the caller ran on, or an error. */
static __always_inline int krun_file_sample(struct krun_file *file,
					    unsigned long flags)
{
	const struct krun_held_plan *plan;
	struct krun_slot *slot;
	unsigned int cpu;

	if (unlikely(flags & ~(unsigned long)KRUN_SAMPLE_CALL))
		return -EINVAL;
	/* The plan stays while interrupts are off. */
	local_irq_disable();
	plan = rcu_dereference_sched(file->plan);
	if (!((flags | plan->flags) & KRUN_SAMPLE_LOCAL)) {
		local_irq_enable();
		return krun_sample_many(file, flags);
	}
	cpu = smp_processor_id();
	if (unlikely(!cpumask_test_cpu(cpu, plan->cpus))) {
		local_irq_enable();
		return -ENODATA;
	}
	slot = &file->slots[cpu];
	krun_slot_begin(slot);
	slot->sample = 0;
	if (unlikely(!krun_sample_usual(slot, plan->counters, 0,
					plan->generation)))
		return krun_sample_local_unusual(plan, slot);
	local_irq_enable();
	return slot->cpu;
}

#endif /* _KRUN_DEVICE_H */
