// SPDX-License-Identifier: GPL-2.0-only
/*
 * What takes a CPU away from who runs on it: interrupts and context switches.
 *
 * The kernel counts interrupts itself, per CPU. Switches of one CPU it does not
 * give away before 6.12, so a probe on the sched_switch tracepoint counts them
 * while a plan asks.
 */
#include <linux/kernel_stat.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include "access.h"
#include "cpus.h"
#include "disturbance.h"

/* While the probe is registered. */
static DEFINE_PER_CPU(u32, krun_switches);

/* Tracepoints take cpus_read_lock() under it. */
static DEFINE_MUTEX(krun_switches_lock);
static unsigned int krun_switches_watchers;

static void krun_switch_probe(KRUN_SCHED_SWITCH_ARGUMENTS)
{
	this_cpu_inc(krun_switches);
}

/**
 * krun_switches_watch() - count switches
 *
 * Must not be called under cpus_read_lock(): tracepoints take it.
 *
 * Return: 0 or an error of krun_switches_register().
 */
int krun_switches_watch(void)
{
	int err = 0;

	mutex_lock(&krun_switches_lock);
	if (!krun_switches_watchers)
		err = krun_switches_register(krun_switch_probe);
	if (!err)
		krun_switches_watchers++;
	mutex_unlock(&krun_switches_lock);
	return err;
}

void krun_switches_unwatch(void)
{
	mutex_lock(&krun_switches_lock);
	if (!--krun_switches_watchers) {
		krun_switches_unregister(krun_switch_probe);
		/* Nobody is in the probe when the module goes. */
		tracepoint_synchronize_unregister();
	}
	mutex_unlock(&krun_switches_lock);
}

/**
 * krun_disturbance_read() - this CPU's interrupts and switches
 * @slot: where they go
 * @counters: KRUN_COUNTER_INTERRUPTS, KRUN_COUNTER_SWITCHES or both
 *
 * Interrupts are off.
 */
void krun_disturbance_read(struct krun_slot *slot, u32 counters)
{
	if (counters & KRUN_COUNTER_INTERRUPTS) {
		slot->irq_timer = krun_irq_timer();
		slot->irq_reschedule = krun_irq_reschedule();
		slot->irq_call = krun_irq_call();
		slot->irq_device = this_cpu_read(kstat.irqs_sum);
		slot->irq_nmi = krun_irq_nmi();
		slot->irq_other = krun_irq_other();
		slot->own = this_cpu_read(krun_cpu.own);
	}
	if (counters & KRUN_COUNTER_SWITCHES)
		slot->switches = this_cpu_read(krun_switches);
}
