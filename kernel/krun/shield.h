/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_SHIELD_H
#define _KRUN_SHIELD_H

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>

/* Whose shield a CPU has; NULL without. Read in a turn of krun_multicast_begin(). */
DECLARE_PER_CPU(const void *, krun_shield_owner);
extern unsigned int krun_shields;

/* Of the device, in sysfs. */
extern const struct attribute_group *krun_shield_groups[];

int krun_shield_set(const void *owner, const struct cpumask *cpus);

static __always_inline bool krun_shielded_from(int cpu, const void *owner)
{
	const void *other;

	if (likely(!READ_ONCE(krun_shields)))
		return false;
	other = READ_ONCE(per_cpu(krun_shield_owner, cpu));
	return other && other != owner;
}

#endif /* _KRUN_SHIELD_H */
