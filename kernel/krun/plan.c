// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan: what to sample on which CPUs. Everything is checked, and all counters
 * are taken, when it is made; a sample only reads.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include "access.h"
#include "cpus.h"
#include "disturbance.h"
#include "idle.h"
#include "multicast.h"
#include "plan.h"
#include "sampler.h"

/* Of possible CPUs, at least one. */
static int krun_plan_copy_mask(struct cpumask *cpus, u64 address, u32 size)
{
	unsigned int bits = cpumask_size() * BITS_PER_BYTE;
	int err;

	if (size > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(cpumask_bits(cpus), cpumask_size(),
				    u64_to_user_ptr(address), size);
	if (err)
		return err == -E2BIG ? -EINVAL : err;
	/* cpumask_subset() may not look beyond nr_cpu_ids. */
	if (find_next_bit(cpumask_bits(cpus), bits, nr_cpu_ids) < bits ||
	    cpumask_empty(cpus) || !cpumask_subset(cpus, cpu_possible_mask))
		return -EINVAL;
	return 0;
}

static int krun_plan_copy_masks(struct krun_held_plan *held,
				const struct krun_plan *plan)
{
	int err = 0;

	if (plan->cpus_size)
		err = krun_plan_copy_mask(held->cpus, plan->cpus,
					  plan->cpus_size);
	else
		cpumask_copy(held->cpus, cpu_possible_mask);
	if (err || !(plan->flags & KRUN_PLAN_SHIELD))
		return err;
	if (plan->shield_size)
		return krun_plan_copy_mask(held->shield, plan->shield,
					   plan->shield_size);
	cpumask_copy(held->shield, held->cpus);
	return 0;
}

/*
 * Types of the PMUs that count core cycles. Others are not even tried: to make a
 * software event takes locks that must not be taken here.
 */
static bool krun_plan_type_is_of_cpus(u32 type)
{
	int cpu;

	if (type == PERF_TYPE_HARDWARE || type == PERF_TYPE_HW_CACHE ||
	    type == PERF_TYPE_RAW)
		return true;
	for_each_possible_cpu(cpu) {
		const struct pmu *pmu = krun_cpu_pmu(cpu);

		if (pmu && type == pmu->type)
			return true;
	}
	return false;
}

static bool krun_plan_events_are_valid(const struct krun_plan *plan)
{
	unsigned int n;

	for (n = 0; n < KRUN_EVENTS_OF_PLAN; n++) {
		const struct krun_event *event = &plan->events[n];

		if (event->reserved || !krun_plan_type_is_of_cpus(event->type))
			return false;
		if (!(plan->counters & KRUN_COUNTER_EVENT(n)) &&
		    (event->type || event->config))
			return false;
	}
	return true;
}

static int krun_plan_check(const struct krun_plan *plan)
{
	if (plan->flags & ~KRUN_PLAN_FLAGS_ALL || !plan->counters ||
	    plan->counters & ~KRUN_COUNTERS_ALL ||
	    !krun_plan_events_are_valid(plan))
		return -EINVAL;
	if (!(plan->flags & KRUN_PLAN_SHIELD) &&
	    (plan->shield || plan->shield_size))
		return -EINVAL;
	if (plan->flags & KRUN_PLAN_SHIELD && !perfmon_capable())
		return -EPERM;
	if (plan->flags & KRUN_SAMPLE_RENDEZVOUS && check_tsc_unstable())
		return -EOPNOTSUPP;
	return krun_multicast_possible() ? 0 : -EOPNOTSUPP;
}

static void krun_plan_put_events(int cpu, u32 counters)
{
	enum krun_which which;

	for (which = 0; which < KRUN_EVENTS; which++)
		if (counters & (KRUN_COUNTER_CYCLES << which))
			krun_event_put(cpu, which);
}

static int krun_plan_get_events(int cpu, u32 counters)
{
	enum krun_which which;
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

	if (krun_cpu_running(cpu))
		err = krun_cpu_probe(cpu, held->counters);
	if (!err)
		err = krun_plan_get_events(cpu, held->counters);
	if (err)
		return err;
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_want(cpu, held->counters);
	return 0;
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
	return err;
}

/*
 * The planner's own, so that a security module sees whose counters they are, with
 * the capability that the open file stands for. perf asks for it in the first
 * user namespace.
 */
static const struct cred *krun_plan_cred(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return NULL;
	if (cred->user_ns != &init_user_ns) {
		put_user_ns(cred->user_ns);
		cred->user_ns = get_user_ns(&init_user_ns);
	}
	cap_clear(cred->cap_effective);
	cap_raise(cred->cap_effective, KRUN_CAP_PERFMON);
	return cred;
}

/* Whoever counts already: each planner is checked. */
static int krun_plan_permit(const struct krun_held_plan *held)
{
	const struct cred *cred, *old;
	int err = 0;

	if (held->own)
		err = krun_perf_allow_cpu();
	if (err || !(held->counters & (KRUN_COUNTER_CYCLES |
				       KRUN_COUNTER_INSTRUCTIONS)))
		return err;
	cred = krun_plan_cred();
	if (!cred)
		return -ENOMEM;
	old = override_creds(cred);
	err = krun_perf_allow_cpu();
	revert_creds(old);
	put_cred(cred);
	return err;
}

/* perf would check the planner again. */
static int krun_plan_take_shared(const struct krun_held_plan *held)
{
	const struct cred *old;
	int err;

	old = override_creds(rcu_access_pointer(init_task.cred));
	err = krun_plan_take_cpus(held);
	revert_creds(old);
	return err;
}

static int krun_plan_take_counters(const struct krun_held_plan *held)
{
	int cpu, err;

	cpus_read_lock();
	mutex_lock(&krun_cpus_lock);
	err = krun_plan_take_shared(held);
	if (!err && held->own) {
		err = krun_own_take(held->own);
		if (err)
			for_each_cpu(cpu, held->cpus)
				krun_plan_release_cpu(held, cpu);
	}
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	return err;
}

/* The probes on tracepoints that a plan needs; they cannot be had under locks. */
static int krun_plan_watch(const struct krun_held_plan *held)
{
	int err = 0;

	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		err = krun_idle_watch();
	if (err || !(held->counters & KRUN_COUNTER_SWITCHES))
		return err;
	err = krun_switches_watch();
	if (err && held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_unwatch();
	return err;
}

static void krun_plan_unwatch(const struct krun_held_plan *held)
{
	if (held->counters & KRUN_COUNTER_SWITCHES)
		krun_switches_unwatch();
	if (held->flags & KRUN_SAMPLE_IDLE_SNAPSHOT)
		krun_idle_unwatch();
}

static void krun_plan_free(struct krun_held_plan *held)
{
	krun_own_free(held->own);
	free_cpumask_var(held->shield);
	free_cpumask_var(held->cpus);
	kfree(held);
}

static struct krun_held_plan *krun_plan_alloc(const struct krun_plan *plan)
{
	struct krun_held_plan *held = kzalloc(sizeof(*held), GFP_KERNEL_ACCOUNT);

	if (!held)
		return NULL;
	held->counters = plan->counters;
	held->flags = plan->flags;
	if (!zalloc_cpumask_var(&held->cpus, GFP_KERNEL_ACCOUNT))
		goto free_held;
	if (!zalloc_cpumask_var(&held->shield, GFP_KERNEL_ACCOUNT))
		goto free_cpus;
	if (!(plan->counters & KRUN_COUNTERS_OWN))
		return held;
	held->own = krun_own_alloc(plan, held->cpus);
	if (held->own)
		return held;

	free_cpumask_var(held->shield);
free_cpus:
	free_cpumask_var(held->cpus);
free_held:
	kfree(held);
	return NULL;
}

/**
 * krun_plan_take() - check a plan and take its counters
 * @plan: from user space
 *
 * All or nothing. Its shield is not set yet.
 *
 * Return: the plan, or an ERR_PTR(); see struct krun_plan.
 */
struct krun_held_plan *krun_plan_take(const struct krun_plan *plan)
{
	struct krun_held_plan *held;
	int err = krun_plan_check(plan);

	if (err)
		return ERR_PTR(err);
	held = krun_plan_alloc(plan);
	if (!held)
		return ERR_PTR(-ENOMEM);
	err = krun_plan_copy_masks(held, plan);
	if (err)
		goto free;
	err = krun_plan_permit(held);
	if (err)
		goto free;
	err = krun_plan_watch(held);
	if (err)
		goto free;
	err = krun_plan_take_counters(held);
	if (err)
		goto unwatch;
	return held;

unwatch:
	krun_plan_unwatch(held);
free:
	krun_plan_free(held);
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
	mutex_lock(&krun_cpus_lock);
	if (held->own)
		krun_own_release(held->own);
	for_each_cpu(cpu, held->cpus)
		krun_plan_release_cpu(held, cpu);
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	krun_plan_unwatch(held);
	krun_plan_free(held);
}
