// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters borrowed from perf: core cycles and instructions.
 *
 * Each has one pinned kernel event per CPU in use, shared by all readers. perf
 * still owns the hardware: it decides which counter an event gets, may move it,
 * and handles its overflow. We only read, with RDPMC.
 *
 * Whether an event counts is asked on its own CPU with interrupts off: seen from
 * another one it is inactive for a moment whenever perf reschedules (another
 * cgroup's task, a new event), although it has lost nothing.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include "access.h"
#include "cpus.h"
#include "events.h"
#include "sampler.h"

/* Never active, so that a reader needs only one test. */
struct perf_event krun_no_event = { .state = PERF_EVENT_STATE_OFF };

DEFINE_PER_CPU(struct krun_cpu_events, krun_cpu_events) = {
	.usual = &krun_no_event,
	.states[0 ... KRUN_EVENTS - 1].counter.live = &krun_no_event,
};

u64 krun_event_mask __ro_after_init;

static const struct {
	u64 config;
	const char *name;
} krun_event_kinds[KRUN_EVENTS] = {
	[KRUN_EVENT_CYCLES] = { PERF_COUNT_HW_CPU_CYCLES, "core cycles" },
	[KRUN_EVENT_INSTRUCTIONS] = { PERF_COUNT_HW_INSTRUCTIONS,
				      "instructions" },
};

/**
 * krun_event_known() - whether perf has an event for a counter
 * @which: the counter
 *
 * That does not mean that a hardware counter is free.
 */
bool krun_event_known(enum krun_which which)
{
	return krun_pmu_has_event(krun_event_kinds[which].config);
}

static struct krun_event_state *krun_event_state(int cpu,
						 enum krun_which which)
{
	return &per_cpu(krun_cpu_events, cpu).states[which];
}

/**
 * krun_event_create() - a pinned event of a CPU
 * @attr: its type and its config
 * @cpu: an online CPU
 *
 * perf checks the permission of the current credentials. Without the width of
 * its counter an event could not be read: -EOPNOTSUPP.
 */
struct perf_event *krun_event_create(struct perf_event_attr *attr, int cpu)
{
	if (!krun_event_mask)
		return ERR_PTR(-EOPNOTSUPP);
	attr->size = sizeof(*attr);
	attr->pinned = 1;
	/* With mediated PMUs, other events would keep virtual machines out. */
	attr->exclude_guest = krun_pmu_is_mediated(krun_cpu_pmu(cpu));
	return perf_event_create_kernel_counter(attr, cpu, NULL, NULL, NULL);
}

/**
 * krun_counter_show() - let readers see a counter's event
 * @counter: one of this CPU
 *
 * Interrupts are off. A pinned event that found no free counter is in error state.
 *
 * Return: whether it counts.
 */
bool krun_counter_show(struct krun_counter *counter)
{
	struct perf_event *event = counter->event;
	/* Some of Intel's have no counter behind them, and no event_base. */
	bool counts = event && event->state == PERF_EVENT_STATE_ACTIVE &&
		      event->hw.event_base;

	WRITE_ONCE(counter->live, counts ? event : &krun_no_event);
	return counts;
}

/* After a change of cycles; interrupts are off. */
static void krun_events_show_usual(struct krun_cpu_events *events)
{
	const u32 both = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF;
	bool has_both = (this_cpu_read(krun_cpu.counters) & both) == both;

	WRITE_ONCE(events->usual,
		   has_both ? events->states[KRUN_EVENT_CYCLES].counter.live :
			      &krun_no_event);
}

struct krun_event_call {
	enum krun_which which;
	bool counts;
};

/* On the CPU, with interrupts off. */
static void krun_event_show_here(void *info)
{
	struct krun_cpu_events *events = this_cpu_ptr(&krun_cpu_events);
	struct krun_event_call *call = info;
	struct krun_event_state *state = &events->states[call->which];

	call->counts = krun_counter_show(&state->counter);
	if (!call->counts)
		return;
	krun_events_show_usual(events);
	/* Who reads it already has missed something. */
	if (state->users)
		krun_epoch_change();
}

static void krun_event_counts_here(void *info)
{
	struct krun_event_call *call = info;
	struct krun_event_state *state =
		this_cpu_ptr(&krun_cpu_events.states[call->which]);

	call->counts = state->counter.live->state == PERF_EVENT_STATE_ACTIVE;
}

static bool krun_event_counts(int cpu, enum krun_which which)
{
	struct krun_event_call call = { .which = which };

	smp_call_function_single(cpu, krun_event_counts_here, &call, 1);
	return call.counts;
}

static int krun_event_make(int cpu, enum krun_which which)
{
	static unsigned long said;
	struct perf_event_attr attr = {
		.type	= PERF_TYPE_HARDWARE,
		.config	= krun_event_kinds[which].config,
	};
	struct perf_event *event = krun_event_create(&attr, cpu);

	if (!IS_ERR(event)) {
		krun_event_state(cpu, which)->counter.event = event;
		return 0;
	}
	switch (PTR_ERR(event)) {
	case -EACCES:
	case -EBUSY:
	case -ENOMEM:
	case -EPERM:
		return PTR_ERR(event);
	}
	if (!test_and_set_bit(which, &said))
		pr_notice("CPU %d: perf has no hardware event for %s (error %ld)\n",
			  cpu, krun_event_kinds[which].name, PTR_ERR(event));
	return -EOPNOTSUPP;
}

static void krun_event_stop(int cpu, enum krun_which which)
{
	struct krun_cpu_events *events = &per_cpu(krun_cpu_events, cpu);
	struct krun_event_state *state = &events->states[which];
	struct perf_event *event = state->counter.event;
	u64 enabled, running;

	if (!event)
		return;
	/* perf frees the event after a grace period: a reader may hold it. */
	if (which == KRUN_EVENT_CYCLES)
		WRITE_ONCE(events->usual, &krun_no_event);
	WRITE_ONCE(state->counter.live, &krun_no_event);
	state->counter.event = NULL;
	state->carried += perf_event_read_value(event, &enabled, &running);
	perf_event_release_kernel(event);
}

static int krun_event_start(int cpu, enum krun_which which)
{
	struct krun_event_call call = { .which = which };
	int err = krun_event_make(cpu, which);

	if (err)
		return err;
	smp_call_function_single(cpu, krun_event_show_here, &call, 1);
	if (call.counts)
		return 0;
	krun_event_stop(cpu, which);
	return -EBUSY;
}

/**
 * krun_event_get() - make one of a CPU's counters count
 * @cpu: a possible CPU; if it is not running, it counts once it is. The caller
 *	 holds cpus_read_lock() and krun_cpus_lock.
 * @which: the counter
 *
 * Return: 0, -EBUSY if all hardware counters are taken, -EOPNOTSUPP if the CPU
 * has none, or an error of perf's, with the current credentials.
 */
int krun_event_get(int cpu, enum krun_which which)
{
	struct krun_event_state *state = krun_event_state(cpu, which);
	int err = 0;

	/* Even if it has users already: their event may have been lost. */
	if (krun_cpu_running(cpu) && !krun_event_counts(cpu, which)) {
		krun_event_stop(cpu, which);
		err = krun_event_start(cpu, which);
		state->counter.err = err;
	}
	if (!err)
		state->users++;
	return err;
}

/**
 * krun_event_put() - undo one krun_event_get()
 * @cpu: that CPU; it may be offline by now. The caller holds cpus_read_lock()
 *	 and krun_cpus_lock.
 * @which: that counter
 */
void krun_event_put(int cpu, enum krun_which which)
{
	if (!--krun_event_state(cpu, which)->users)
		krun_event_stop(cpu, which);
}

/* Of a CPU that does not run yet; krun_events_show() lets readers see them. */
void krun_events_start_cpu(int cpu)
{
	struct krun_event_state *state;
	enum krun_which which;

	for (which = 0; which < KRUN_EVENTS; which++) {
		state = krun_event_state(cpu, which);
		if (!state->users)
			continue;
		state->counter.err = krun_event_make(cpu, which);
		if (state->counter.err)
			pr_warn("CPU %d: no counter of %s after coming online (error %d)\n",
				cpu, krun_event_kinds[which].name,
				state->counter.err);
	}
}

void krun_events_stop_cpu(int cpu)
{
	enum krun_which which;

	for (which = 0; which < KRUN_EVENTS; which++)
		krun_event_stop(cpu, which);
}

/* On a CPU that begins to run; interrupts are off. */
void krun_events_show(void)
{
	struct krun_cpu_events *events = this_cpu_ptr(&krun_cpu_events);
	enum krun_which which;

	for (which = 0; which < KRUN_EVENTS; which++)
		krun_counter_show(&events->states[which].counter);
	krun_events_show_usual(events);
}

/* On a CPU that ceases to run; interrupts are off. */
void krun_events_hide(void)
{
	struct krun_cpu_events *events = this_cpu_ptr(&krun_cpu_events);
	enum krun_which which;

	WRITE_ONCE(events->usual, &krun_no_event);
	for (which = 0; which < KRUN_EVENTS; which++)
		WRITE_ONCE(events->states[which].counter.live, &krun_no_event);
}

void __init krun_events_init(void)
{
	if (krun_counter_bits())
		krun_event_mask = GENMASK_ULL(krun_counter_bits() - 1, 0);
}
