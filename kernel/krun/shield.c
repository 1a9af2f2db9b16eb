// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shields: CPUs that no other file's samples may interrupt.
 *
 * A benchmark's owner keeps everybody else's samples off its CPUs. They are not
 * failed, but have to do without those CPUs. Readings that interrupt nobody stay:
 * a CPU's own, and the snapshots of idle ones.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "multicast.h"
#include "shield.h"

DEFINE_PER_CPU(const void *, krun_shield_owner);
unsigned int krun_shields;	/* how many CPUs have one */

static DEFINE_MUTEX(krun_shield_lock);

static bool krun_shield_possible(const void *owner, const struct cpumask *cpus)
{
	const void *other;
	int cpu;

	for_each_cpu(cpu, cpus) {
		other = per_cpu(krun_shield_owner, cpu);
		if (other && other != owner)
			return false;
	}
	return true;
}

/**
 * krun_shield_set() - shield certain CPUs, and no others
 * @owner: whose shields they are
 * @cpus: the CPUs; NULL: none
 *
 * All or nothing. On return no sample of others that interrupts them is under
 * way.
 *
 * Return: 0, or -EBUSY if a CPU has another's shield.
 */
int krun_shield_set(const void *owner, const struct cpumask *cpus)
{
	unsigned int shields = 0;
	int cpu, err = 0;

	mutex_lock(&krun_shield_lock);
	if (cpus && !krun_shield_possible(owner, cpus)) {
		err = -EBUSY;
		goto unlock;
	}
	for_each_possible_cpu(cpu) {
		const void **shield = &per_cpu(krun_shield_owner, cpu);

		if (cpus && cpumask_test_cpu(cpu, cpus))
			WRITE_ONCE(*shield, owner);
		else if (*shield == owner)
			WRITE_ONCE(*shield, NULL);
		shields += !!*shield;
	}
	WRITE_ONCE(krun_shields, shields);
	krun_multicast_barrier();
unlock:
	mutex_unlock(&krun_shield_lock);
	return err;
}

static void krun_shield_show(struct cpumask *cpus)
{
	int cpu;

	cpumask_clear(cpus);
	mutex_lock(&krun_shield_lock);
	for_each_possible_cpu(cpu)
		if (per_cpu(krun_shield_owner, cpu))
			cpumask_set_cpu(cpu, cpus);
	mutex_unlock(&krun_shield_lock);
}

/* The CPUs that have one. */
static ssize_t shielded_show(struct device *device,
			     struct device_attribute *attribute, char *buffer)
{
	cpumask_var_t cpus;
	ssize_t size;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	krun_shield_show(cpus);
	size = scnprintf(buffer, PAGE_SIZE, "%*pbl\n", cpumask_pr_args(cpus));
	free_cpumask_var(cpus);
	return size;
}

static DEVICE_ATTR_RO(shielded);

static struct attribute *krun_shield_attributes[] = {
	&dev_attr_shielded.attr,
	NULL
};

static const struct attribute_group krun_shield_group = {
	.attrs = krun_shield_attributes,
};

const struct attribute_group *krun_shield_groups[] = {
	&krun_shield_group,
	NULL
};
