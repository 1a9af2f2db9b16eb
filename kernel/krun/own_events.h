/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_OWN_EVENTS_H
#define _KRUN_OWN_EVENTS_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/types.h>
#include "events.h"
#include "uapi/linux/krun.h"

#define KRUN_COUNTERS_OWN						\
	(KRUN_COUNTER_EVENT(0) | KRUN_COUNTER_EVENT(1) |		\
	 KRUN_COUNTER_EVENT(2) | KRUN_COUNTER_EVENT(3))

/**
 * struct krun_own_events - events of a plan's own
 * @list:	of all that there are
 * @cpus:	the plan's CPUs
 * @wanted:	a bit for each event that the plan has
 * @events:	what they count
 * @of_cpus:	KRUN_EVENTS_OF_PLAN for each possible CPU
 */
struct krun_own_events {
	struct list_head list;
	const struct cpumask *cpus;
	unsigned long wanted;
	struct krun_event events[KRUN_EVENTS_OF_PLAN];
	struct krun_counter of_cpus[];
};

struct krun_own_events *krun_own_alloc(const struct krun_plan *plan,
				       const struct cpumask *cpus);
void krun_own_free(struct krun_own_events *own);
int krun_own_take(struct krun_own_events *own);
void krun_own_release(struct krun_own_events *own);
void krun_own_start_cpu(int cpu);
void krun_own_stop_cpu(int cpu);
void krun_own_show(void);
void krun_own_hide(void);
bool krun_own_unsupported(const struct krun_own_events *own);
int krun_own_read(const struct krun_own_events *own, u64 *values);

#endif /* _KRUN_OWN_EVENTS_H */
