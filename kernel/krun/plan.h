/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_PLAN_H
#define _KRUN_PLAN_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include "own_events.h"
#include "uapi/linux/krun.h"

#define KRUN_SAMPLE_ALL							\
	(KRUN_SAMPLE_LOCAL | KRUN_SAMPLE_RENDEZVOUS |			\
	 KRUN_SAMPLE_SKIP_NOHZ_FULL | KRUN_SAMPLE_IDLE_SNAPSHOT)
#define KRUN_PLAN_FLAGS_ALL (KRUN_SAMPLE_ALL | KRUN_PLAN_SHIELD)

/**
 * struct krun_held_plan - a plan that has taken its counters
 * @cpus:	the CPUs
 * @shield:	those that it shields, with KRUN_PLAN_SHIELD
 * @own:	events of its own, or NULL
 * @counters:	KRUN_COUNTER_*
 * @flags:	KRUN_SAMPLE_* that apply to every sample, KRUN_PLAN_*
 * @generation:	how many plans of the file came before; a part of the epochs that
 *		the file sees
 */
struct krun_held_plan {
	cpumask_var_t cpus;
	cpumask_var_t shield;
	struct krun_own_events *own;
	u32 counters;
	u32 flags;
	u32 generation;
};

struct krun_held_plan *krun_plan_take(const struct krun_plan *plan);
void krun_plan_release(struct krun_held_plan *held);

#endif /* _KRUN_PLAN_H */
