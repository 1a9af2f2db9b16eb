// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan: what to sample on which CPUs. Everything is checked, and all counters
 * are taken, when it is made; a sample only reads.
 */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "idle.h"
#include "multicast.h"
#include "plan.h"
#include "sampler.h"

static int krun_plan_copy_cpus(struct cpumask *cpus,
			       const struct krun_plan *plan)
{
	int err;

	if (!plan->cpus_size) {
		cpumask_copy(cpus, cpu_possible_mask);
		return 0;
	}
	if (plan->cpus_size > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(cpumask_bits(cpus), cpumask_size(),
				    u64_to_user_ptr(plan->cpus),
				    plan->cpus_size);
	if (err)
		return err == -E2BIG ? -EINVAL : err;
	if (cpumask_empty(cpus) || !cpumask_subset(cpus, cpu_possible_mask))
		return -EINVAL;
	return 0;
}

static void krun_plan_put_events(int cpu, u32 counters)
{
	enum krun_event which;

	for (which = 0; which < KRUN_EVENTS; which++)
		if (counters & (KRUN_COUNTER_CYCLES << which))
			krun_event_put(cpu, which);
}

static int krun_plan_get_events(int cpu, u32 counters)
{
	enum krun_event which;
	int err;

	for (which = 0; which < KRUN_EVENTS; which++) {
		u32 counter = KRUN_COUNTER_CYCLES << which;

		if (!(counters & counter))
			continue;
		err = krun_event_get(cpu, which);
		if (err) {
			/* Those before it. */
			krun_plan_put_events(cpu, counters & (counter - 1));
			return err;
		}
	}
	return 0;
}

static int krun_plan_take_cpu(const struct krun_held_plan *held, int cpu)
{
	int err = 0;

	if (cpu_online(cpu))
		err = krun_sampler_probe(cpu, held->counters);
	if (!err)
		err = krun_plan_get_events(cpu, held->counters);
	if (!err && held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_want(cpu, held->counters);
	return err;
}

static void krun_plan_release_cpu(const struct krun_held_plan *held, int cpu)
{
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_unwant(cpu, held->counters);
	krun_plan_put_events(cpu, held->counters);
}

static int krun_plan_take_cpus(const struct krun_held_plan *held)
{
	int cpu, failed, err = 0;

	cpus_read_lock();
	for_each_cpu(cpu, held->cpus) {
		err = krun_plan_take_cpu(held, cpu);
		if (err)
			break;
	}
	failed = cpu;
	if (err) {
		for_each_cpu(cpu, held->cpus) {
			if (cpu == failed)
				break;
			krun_plan_release_cpu(held, cpu);
		}
	}
	cpus_read_unlock();
	return err;
}

/**
 * krun_plan_take() - check a plan and take its counters
 * @plan: from user space
 *
 * All or nothing.
 *
 * Return: the plan, or an ERR_PTR(); see struct krun_plan.
 */
struct krun_held_plan *krun_plan_take(const struct krun_plan *plan)
{
	struct krun_held_plan *held;
	int err;

	if (plan->flags & ~KRUN_SAMPLE_ALL || !plan->counters ||
	    plan->counters & ~KRUN_COUNTERS_ALL || plan->reserved)
		return ERR_PTR(-EINVAL);
	if (!krun_multicast_possible())
		return ERR_PTR(-EOPNOTSUPP);
	held = kzalloc(sizeof(*held), GFP_KERNEL_ACCOUNT);
	if (!held)
		return ERR_PTR(-ENOMEM);
	held->counters = plan->counters;
	held->flags = plan->flags;
	err = -ENOMEM;
	if (!zalloc_cpumask_var(&held->cpus, GFP_KERNEL_ACCOUNT))
		goto free_held;
	err = krun_plan_copy_cpus(held->cpus, plan);
	if (err)
		goto free_cpus;
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT) {
		err = krun_idle_watch();
		if (err)
			goto free_cpus;
	}
	err = krun_plan_take_cpus(held);
	if (err)
		goto unwatch;
	return held;

unwatch:
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_unwatch();
free_cpus:
	free_cpumask_var(held->cpus);
free_held:
	kfree(held);
	return ERR_PTR(err);
}

/**
 * krun_plan_release() - release a plan's counters
 * @held: the plan; no longer sampled by anyone
 */
void krun_plan_release(struct krun_held_plan *held)
{
	int cpu;

	cpus_read_lock();
	for_each_cpu(cpu, held->cpus)
		krun_plan_release_cpu(held, cpu);
	cpus_read_unlock();
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_unwatch();
	free_cpumask_var(held->cpus);
	kfree(held);
}
