// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to four perf events that a plan names itself.
 *
 * They are pinned and never scaled, and nobody else uses them. perf checks them
 * with the planner's own credentials, as it would in perf_event_open(2). After a
 * CPU has been offline they begin at 0 again, in a new epoch.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include "access.h"
#include "cpus.h"
#include "own_events.h"

/* Guarded by krun_cpus_lock. */
static LIST_HEAD(krun_all_own_events);

static struct krun_counter *krun_own_counter(struct krun_own_events *own,
					     int cpu, unsigned int n)
{
	return &own->of_cpus[cpu * KRUN_EVENTS_OF_PLAN + n];
}

/**
 * krun_own_alloc() - room for a plan's own events
 * @plan: what it asks for
 * @cpus: the plan's CPUs, which stay there longer than this
 *
 * Return: the events; NULL without memory.
 */
struct krun_own_events *krun_own_alloc(const struct krun_plan *plan,
				       const struct cpumask *cpus)
{
	struct krun_own_events *own;
	size_t i, count = nr_cpu_ids * KRUN_EVENTS_OF_PLAN;

	own = kvzalloc(sizeof(*own) + count * sizeof(*own->of_cpus),
		       GFP_KERNEL_ACCOUNT);
	if (!own)
		return NULL;
	INIT_LIST_HEAD(&own->list);
	own->cpus = cpus;
	own->wanted = (plan->counters & KRUN_COUNTERS_OWN) /
		      KRUN_COUNTER_EVENT(0);
	memcpy(own->events, plan->events, sizeof(own->events));
	for (i = 0; i < count; i++)
		own->of_cpus[i].live = &krun_no_event;
	return own;
}

void krun_own_free(struct krun_own_events *own)
{
	kvfree(own);
}

static int krun_own_make(struct krun_own_events *own, int cpu, unsigned int n)
{
	struct perf_event_attr attr = {
		.type	= own->events[n].type,
		.config	= own->events[n].config,
	};
	struct perf_event *event = krun_event_create(&attr, cpu);

	if (IS_ERR(event))
		return PTR_ERR(event) == -ENOENT ? -EINVAL : PTR_ERR(event);
	/* RDPMC reads the counters of this PMU alone. */
	if (!krun_is_cpu_pmu(event->pmu, cpu)) {
		perf_event_release_kernel(event);
		return -EINVAL;
	}
	krun_own_counter(own, cpu, n)->event = event;
	return 0;
}

static void krun_own_stop(struct krun_own_events *own, int cpu)
{
	unsigned int n;

	for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN) {
		struct krun_counter *counter = krun_own_counter(own, cpu, n);

		if (!counter->event)
			continue;
		WRITE_ONCE(counter->live, &krun_no_event);
		perf_event_release_kernel(counter->event);
		counter->event = NULL;
	}
}

struct krun_own_call {
	struct krun_own_events *own;
	bool count;
};

/* On the CPU, with interrupts off. */
static void krun_own_show_here(void *info)
{
	struct krun_own_call *call = info;
	int cpu = smp_processor_id();
	unsigned int n;

	call->count = true;
	for_each_set_bit(n, &call->own->wanted, KRUN_EVENTS_OF_PLAN)
		if (!krun_counter_show(krun_own_counter(call->own, cpu, n)))
			call->count = false;
}

static int krun_own_start(struct krun_own_events *own, int cpu)
{
	struct krun_own_call call = { .own = own };
	unsigned int n;
	int err = 0;

	for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN) {
		err = krun_own_make(own, cpu, n);
		if (err)
			return err;
	}
	smp_call_function_single(cpu, krun_own_show_here, &call, 1);
	return call.count ? 0 : -EBUSY;
}

/**
 * krun_own_take() - make a plan's own events count
 * @own: the events
 *
 * The caller holds cpus_read_lock() and krun_cpus_lock. All or nothing.
 *
 * Return: 0, -EINVAL (no event of the CPU's own PMU), -EBUSY (no hardware counter
 * is left), or what perf_event_open(2) would say.
 */
int krun_own_take(struct krun_own_events *own)
{
	int cpu, err = 0;

	list_add(&own->list, &krun_all_own_events);
	for_each_cpu(cpu, own->cpus) {
		if (krun_cpu_running(cpu))
			err = krun_own_start(own, cpu);
		if (err)
			break;
	}
	if (err)
		krun_own_release(own);
	return err;
}

/* The caller holds cpus_read_lock() and krun_cpus_lock. */
void krun_own_release(struct krun_own_events *own)
{
	int cpu;

	list_del_init(&own->list);
	for_each_cpu(cpu, own->cpus)
		krun_own_stop(own, cpu);
}

/* Of a CPU that does not run yet; krun_own_show() lets readers see them. */
void krun_own_start_cpu(int cpu)
{
	struct krun_own_events *own;
	unsigned int n;

	list_for_each_entry(own, &krun_all_own_events, list) {
		if (!cpumask_test_cpu(cpu, own->cpus))
			continue;
		for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN)
			krun_own_counter(own, cpu, n)->err =
				krun_own_make(own, cpu, n);
	}
}

void krun_own_stop_cpu(int cpu)
{
	struct krun_own_events *own;

	list_for_each_entry(own, &krun_all_own_events, list)
		if (cpumask_test_cpu(cpu, own->cpus))
			krun_own_stop(own, cpu);
}

/* On a CPU that begins to run; interrupts are off. */
void krun_own_show(void)
{
	struct krun_own_events *own;
	int cpu = smp_processor_id();
	unsigned int n;

	list_for_each_entry(own, &krun_all_own_events, list)
		for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN)
			krun_counter_show(krun_own_counter(own, cpu, n));
}

/* On a CPU that ceases to run; interrupts are off. */
void krun_own_hide(void)
{
	struct krun_own_events *own;
	int cpu = smp_processor_id();
	unsigned int n;

	list_for_each_entry(own, &krun_all_own_events, list)
		for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN)
			WRITE_ONCE(krun_own_counter(own, cpu, n)->live,
				   &krun_no_event);
}

/**
 * krun_own_read() - read a plan's own events of this CPU
 * @own: the events
 * @values: where the counts go; those of other events do not change
 *
 * Interrupts are off.
 *
 * Return: 0, or -EBUSY if one of them does not count.
 */
int krun_own_read(const struct krun_own_events *own, u64 *values)
{
	const struct krun_counter *counters =
		&own->of_cpus[smp_processor_id() * KRUN_EVENTS_OF_PLAN];
	unsigned int n;
	int err = 0;

	for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN)
		err |= krun_event_read(READ_ONCE(counters[n].live), &values[n]);
	return err;
}

/* Whether this CPU, which came online later, has no such event. */
bool krun_own_unsupported(const struct krun_own_events *own)
{
	const struct krun_counter *counters =
		&own->of_cpus[smp_processor_id() * KRUN_EVENTS_OF_PLAN];
	unsigned int n;

	for_each_set_bit(n, &own->wanted, KRUN_EVENTS_OF_PLAN)
		if (counters[n].err && counters[n].err != -EBUSY &&
		    counters[n].err != -ENOMEM)
			return true;
	return false;
}
