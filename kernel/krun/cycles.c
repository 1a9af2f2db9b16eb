// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core-cycle counter, borrowed from perf.
 *
 * Each CPU in use has one pinned kernel event, however many processes read it.
 * perf stays the owner of the hardware: it decides which counter the event
 * gets, may move it, and handles its overflow. We only look, with RDPMC.
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
#include "cycles.h"

DEFINE_PER_CPU(struct krun_cycles, krun_cycles);
u64 krun_cycles_mask __ro_after_init;

/* Guards @users and the making and releasing of events; not held to read. */
static DEFINE_MUTEX(krun_cycles_lock);

static int krun_cycles_start(int cpu)
{
	struct perf_event_attr attr = {
		.type	= PERF_TYPE_HARDWARE,
		.config	= PERF_COUNT_HW_CPU_CYCLES,
		.size	= sizeof(attr),
		.pinned	= 1,
	};
	const struct cred *old_cred;
	struct perf_event *event;

	/*
	 * Who may configure has been decided; perf would ask the calling
	 * process for its own permission (kernel.perf_event_paranoid) again.
	 */
	old_cred = override_creds(rcu_access_pointer(init_task.cred));
	event = perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
	revert_creds(old_cred);
	if (IS_ERR(event)) {
		if (PTR_ERR(event) == -EBUSY || PTR_ERR(event) == -ENOMEM)
			return PTR_ERR(event);
		pr_notice_once("CPU %d: perf has no hardware event for core cycles (error %ld)\n",
			       cpu, PTR_ERR(event));
		return -EOPNOTSUPP;
	}
	/* A pinned event that finds no free counter is left in error state. */
	if (READ_ONCE(event->state) != PERF_EVENT_STATE_ACTIVE) {
		perf_event_release_kernel(event);
		return -EBUSY;
	}
	WRITE_ONCE(per_cpu(krun_cycles, cpu).event, event);
	return 0;
}

static void krun_cycles_stop(int cpu)
{
	struct krun_cycles *cycles = &per_cpu(krun_cycles, cpu);
	struct perf_event *event = cycles->event;
	u64 enabled, running;

	if (!event)
		return;
	/* perf frees the event after a grace period: a reader may hold it. */
	WRITE_ONCE(cycles->event, NULL);
	cycles->carried += perf_event_read_value(event, &enabled, &running);
	perf_event_release_kernel(event);
}

/**
 * krun_cycles_get() - make the core-cycle counter of a CPU count
 * @cpu: an online CPU; the caller holds cpus_read_lock()
 *
 * Return: 0, -EBUSY when all hardware counters are taken, -EOPNOTSUPP when the
 * CPU has none, -ENOMEM.
 */
int krun_cycles_get(int cpu)
{
	struct krun_cycles *cycles = &per_cpu(krun_cycles, cpu);
	int err = 0;

	mutex_lock(&krun_cycles_lock);
	/* Also when others use it already: their event may have been lost. */
	if (!cycles->event || cycles->event->state != PERF_EVENT_STATE_ACTIVE) {
		krun_cycles_stop(cpu);
		err = krun_cycles_start(cpu);
	}
	if (!err)
		cycles->users++;
	mutex_unlock(&krun_cycles_lock);
	return err;
}

/**
 * krun_cycles_put() - undo one krun_cycles_get()
 * @cpu: that CPU; it may be offline by now. The caller holds cpus_read_lock().
 */
void krun_cycles_put(int cpu)
{
	mutex_lock(&krun_cycles_lock);
	if (!--per_cpu(krun_cycles, cpu).users)
		krun_cycles_stop(cpu);
	mutex_unlock(&krun_cycles_lock);
}

static int krun_cycles_online(unsigned int cpu)
{
	int err;

	mutex_lock(&krun_cycles_lock);
	if (per_cpu(krun_cycles, cpu).users) {
		err = krun_cycles_start(cpu);
		if (err)
			pr_warn("CPU %u: no core-cycle counter after coming online (error %d)\n",
				cpu, err);
	}
	mutex_unlock(&krun_cycles_lock);
	return 0;
}

static int krun_cycles_offline(unsigned int cpu)
{
	mutex_lock(&krun_cycles_lock);
	krun_cycles_stop(cpu);
	mutex_unlock(&krun_cycles_lock);
	return 0;
}

static int __init krun_cycles_init(void)
{
	int state;

	krun_cycles_mask = GENMASK_ULL(krun_counter_bits() - 1, 0);
	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "krun:online",
					  krun_cycles_online,
					  krun_cycles_offline);
	return state < 0 ? state : 0;
}
device_initcall(krun_cycles_init);
