// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one asks of an open /dev/krun beside samples: a plan, a seal, what there is.
 *
 * The number of an ioctl has the size of the caller's structure in it: an older or
 * a newer program's is shorter or longer than ours.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>
#include "access.h"
#include "device.h"
#include "multicast.h"
#include "sampler.h"
#include "shield.h"

/* Nothing of the previous plan is left, for whoever reads before a sample. */
static void krun_clear_slots(struct krun_slot *slots)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct krun_slot *slot = &slots[cpu];

		local_irq_disable();
		krun_slot_begin(slot);
		krun_slot_clear(slot);
		slot->sample = 0;
		slot->epoch = 0;
		krun_slot_end(slot, KRUN_STATUS_EMPTY, 0, 0);
		local_irq_enable();
	}
}

/* A sample of the plan that is replaced may still be under way. */
static void krun_replace_plan(struct krun_file *file,
			      struct krun_held_plan *held)
{
	struct krun_held_plan *old;

	old = rcu_dereference_protected(file->plan,
					lockdep_is_held(&file->lock));
	rcu_assign_pointer(file->plan, &krun_no_plan);
	if (old != &krun_no_plan) {
		krun_synchronize();
		krun_plan_release(old);
		krun_clear_slots(file->slots);
	}
	rcu_assign_pointer(file->plan, held);
}

static int krun_make_plan(struct krun_file *file, const struct krun_plan *plan)
{
	struct krun_held_plan *held;
	int err;

	if (file->sealed)
		return -EPERM;
	held = krun_plan_take(plan);
	if (IS_ERR(held))
		return PTR_ERR(held);
	err = krun_shield_set(file, held->flags & KRUN_PLAN_SHIELD ?
				    held->shield : NULL);
	if (err) {
		krun_plan_release(held);
		return err;
	}
	held->generation = file->plans++;
	krun_replace_plan(file, held);
	return 0;
}

/* @size is that of the caller's structure. */
static int krun_ioctl_plan(struct file *filp, void __user *argument,
			   size_t size)
{
	struct krun_file *file = filp->private_data;
	struct krun_plan plan;
	int err;

	if (!(filp->f_mode & FMODE_WRITE))
		return -EPERM;
	err = copy_struct_from_user(&plan, sizeof(plan), argument, size);
	if (err)
		return err;
	if (mutex_lock_killable(&file->lock))
		return -EINTR;
	err = krun_make_plan(file, &plan);
	mutex_unlock(&file->lock);
	return err;
}

static u32 krun_features(const struct krun_file *file)
{
	u32 features = KRUN_FEATURES_ACCESS | krun_multicast_features;

	if (!check_tsc_unstable())
		features |= KRUN_FEATURE_TSC_STABLE;
	if (krun_pmu_is_mediated(krun_cpu_pmu(raw_smp_processor_id())))
		features |= KRUN_FEATURE_NO_GUEST;
	if (READ_ONCE(file->sealed))
		features |= KRUN_FEATURE_SEALED;
	return features;
}

static int krun_ioctl_info(struct krun_file *file, void __user *argument,
			   size_t size)
{
	struct krun_info info = {
		.version = KRUN_VERSION,
		.features = krun_features(file),
		.flags = KRUN_PLAN_FLAGS_ALL,
		.counters = krun_sampler_counters(raw_smp_processor_id()),
		.cpus = nr_cpu_ids,
		.slot_size = sizeof(struct krun_slot),
		.tsc_khz = tsc_khz,
		.counter_bits = krun_counter_bits(),
	};

	if (size > sizeof(info) &&
	    clear_user(argument + sizeof(info), size - sizeof(info)))
		return -EFAULT;
	if (copy_to_user(argument, &info, min(size, sizeof(info))))
		return -EFAULT;
	return 0;
}

static int krun_ioctl_seal(struct krun_file *file)
{
	int err = 0;

	if (mutex_lock_killable(&file->lock))
		return -EINTR;
	if (rcu_access_pointer(file->plan) == &krun_no_plan)
		err = -ENODATA;
	else
		WRITE_ONCE(file->sealed, true);
	mutex_unlock(&file->lock);
	return err;
}

/**
 * krun_file_control() - an ioctl that is no sample
 * @filp: an open /dev/krun
 * @command: its number
 * @argument: its argument
 *
 * Return: 0, or an error: see krun(4).
 */
long krun_file_control(struct file *filp, unsigned int command,
		       unsigned long argument)
{
	struct krun_file *file = filp->private_data;
	void __user *pointer = (void __user *)argument;

	if (_IOC_TYPE(command) != _IOC_TYPE(KRUN_IOC_SAMPLE))
		return -ENOTTY;
	switch (_IOC_NR(command)) {
	case _IOC_NR(KRUN_IOC_PLAN):
		return krun_ioctl_plan(filp, pointer, _IOC_SIZE(command));
	case _IOC_NR(KRUN_IOC_INFO):
		return krun_ioctl_info(file, pointer, _IOC_SIZE(command));
	case _IOC_NR(KRUN_IOC_SEAL):
		return krun_ioctl_seal(file);
	default:
		return -ENOTTY;
	}
}
