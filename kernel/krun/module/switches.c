// SPDX-License-Identifier: GPL-2.0-only
/*
 * A probe on the sched_switch tracepoint, which is not exported by name: it is
 * found among all.
 */
#include <linux/string.h>
#include <linux/tracepoint.h>
#include "access.h"

static struct tracepoint *krun_sched_switch;

static void krun_switches_look(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_switch"))
		krun_sched_switch = tracepoint;
}

/**
 * krun_switches_register() - call a probe on each context switch
 * @probe: it
 *
 * Return: 0, -ENOENT if there is no such tracepoint, or an error of
 * tracepoint_probe_register().
 */
int krun_switches_register(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS))
{
	for_each_kernel_tracepoint(krun_switches_look, NULL);
	if (!krun_sched_switch)
		return -ENOENT;
	return tracepoint_probe_register(krun_sched_switch, probe, NULL);
}

/**
 * krun_switches_unregister() - undo krun_switches_register()
 * @probe: that probe
 */
void krun_switches_unregister(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS))
{
	tracepoint_probe_unregister(krun_sched_switch, probe, NULL);
}
