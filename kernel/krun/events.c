// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters borrowed from perf: core cycles, instructions, reference cycles.
 *
 * Each has one pinned kernel event per CPU in use, shared by all readers. perf
 * still owns the hardware: it decides which counter an event gets, may move it,
 * and handles its overflow. We only read, with RDPMC.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/bits.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include "events.h"

/* Never active, so that a reader needs only one test. */
struct perf_event krun_no_event = { .state = PERF_EVENT_STATE_OFF };

DEFINE_PER_CPU(struct krun_cpu_events, krun_cpu_events) = {
	.states[0 ... KRUN_EVENTS - 1].event = &krun_no_event,
};

u64 krun_event_mask __ro_after_init;

/* Guards @users and creating and releasing events; not taken to read. */
static DEFINE_MUTEX(krun_events_lock);

static const struct {
	u64 config;
	const char *name;
} krun_event_kinds[KRUN_EVENTS] = {
	[KRUN_EVENT_CYCLES] = { PERF_COUNT_HW_CPU_CYCLES, "core cycles" },
	[KRUN_EVENT_INSTRUCTIONS] = { PERF_COUNT_HW_INSTRUCTIONS,
				      "instructions" },
	[KRUN_EVENT_REF_CYCLES] = { PERF_COUNT_HW_REF_CPU_CYCLES,
				    "reference cycles" },
};

/**
 * krun_event_known() - whether perf has an event for a counter
 * @which: the counter
 *
 * That does not mean that a hardware counter is free.
 */
bool krun_event_known(enum krun_event which)
{
	return krun_pmu_has_event(krun_event_kinds[which].config);
}

static struct krun_event_state *krun_event_state(int cpu,
						 enum krun_event which)
{
	return &per_cpu(krun_cpu_events, cpu).states[which];
}

static int krun_event_start(int cpu, enum krun_event which)
{
	struct perf_event_attr attr = {
		.type	= PERF_TYPE_HARDWARE,
		.config	= krun_event_kinds[which].config,
		.size	= sizeof(attr),
		.pinned	= 1,
	};
	const struct cred *old_cred;
	struct perf_event *event;

	/*
	 * The permission has been checked; perf would check the calling
	 * process again, against kernel.perf_event_paranoid.
	 */
	old_cred = override_creds(rcu_access_pointer(init_task.cred));
	event = perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
	revert_creds(old_cred);
	if (IS_ERR(event)) {
		if (PTR_ERR(event) == -EBUSY || PTR_ERR(event) == -ENOMEM)
			return PTR_ERR(event);
		pr_notice_once("CPU %d: perf has no hardware event for %s (error %ld)\n",
			       cpu, krun_event_kinds[which].name,
			       PTR_ERR(event));
		return -EOPNOTSUPP;
	}
	/* A pinned event that finds no free counter is left in error state. */
	if (READ_ONCE(event->state) != PERF_EVENT_STATE_ACTIVE) {
		perf_event_release_kernel(event);
		return -EBUSY;
	}
	WRITE_ONCE(krun_event_state(cpu, which)->event, event);
	return 0;
}

static void krun_event_stop(int cpu, enum krun_event which)
{
	struct krun_event_state *state = krun_event_state(cpu, which);
	struct perf_event *event = state->event;
	u64 enabled, running;

	if (event == &krun_no_event)
		return;
	/* perf frees the event after a grace period: a reader may hold it. */
	WRITE_ONCE(state->event, &krun_no_event);
	state->carried += perf_event_read_value(event, &enabled, &running);
	perf_event_release_kernel(event);
}

/**
 * krun_event_get() - make one of a CPU's counters count
 * @cpu: a possible CPU; if offline, it counts once it comes online.
 *	 The caller holds cpus_read_lock().
 * @which: the counter
 *
 * Return: 0, -EBUSY if all hardware counters are taken, -EOPNOTSUPP if the CPU
 * has none, -ENOMEM.
 */
int krun_event_get(int cpu, enum krun_event which)
{
	struct krun_event_state *state = krun_event_state(cpu, which);
	int err = 0;

	mutex_lock(&krun_events_lock);
	/* Even if it has users already: their event may have been lost. */
	if (cpu_online(cpu) &&
	    READ_ONCE(state->event->state) != PERF_EVENT_STATE_ACTIVE) {
		krun_event_stop(cpu, which);
		err = krun_event_start(cpu, which);
		state->err = err;
	}
	if (!err)
		state->users++;
	mutex_unlock(&krun_events_lock);
	return err;
}

/**
 * krun_event_put() - undo one krun_event_get()
 * @cpu: that CPU; it may be offline by now. The caller holds cpus_read_lock().
 * @which: that counter
 */
void krun_event_put(int cpu, enum krun_event which)
{
	mutex_lock(&krun_events_lock);
	if (!--krun_event_state(cpu, which)->users)
		krun_event_stop(cpu, which);
	mutex_unlock(&krun_events_lock);
}

static int krun_events_online(unsigned int cpu)
{
	struct krun_event_state *state;
	enum krun_event which;

	mutex_lock(&krun_events_lock);
	for (which = 0; which < KRUN_EVENTS; which++) {
		state = krun_event_state(cpu, which);
		if (!state->users)
			continue;
		state->err = krun_event_start(cpu, which);
		if (state->err)
			pr_warn("CPU %u: no counter of %s after coming online (error %d)\n",
				cpu, krun_event_kinds[which].name, state->err);
	}
	mutex_unlock(&krun_events_lock);
	return 0;
}

static int krun_events_offline(unsigned int cpu)
{
	enum krun_event which;

	mutex_lock(&krun_events_lock);
	for (which = 0; which < KRUN_EVENTS; which++)
		krun_event_stop(cpu, which);
	mutex_unlock(&krun_events_lock);
	return 0;
}

static int __init krun_events_init(void)
{
	int state;

	if (krun_counter_bits())
		krun_event_mask = GENMASK_ULL(krun_counter_bits() - 1, 0);
	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "krun:online",
					  krun_events_online,
					  krun_events_offline);
	return state < 0 ? state : 0;
}
device_initcall(krun_events_init);
