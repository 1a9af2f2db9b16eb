// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/krun.
 *
 * An open file is the permission to sample what it plans; one that is open for
 * writing, and not sealed, also the permission to plan. It can be passed to a
 * child or over a socket, to a process that could not open the device. The
 * counters are held until the last descriptor is closed and the last mapping is
 * gone.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "device.h"
#include "multicast.h"
#include "shield.h"

/* Has no CPU, so that a local sample finds its CPU not planned. */
struct krun_held_plan krun_no_plan = { .flags = KRUN_SAMPLE_LOCAL };

/* Never 0, which is that of a local sample. */
static __always_inline u32 krun_next_sample(struct krun_file *file)
{
	u32 sample = atomic_inc_return(&file->samples);

	return likely(sample) ? sample : atomic_inc_return(&file->samples);
}

static int krun_sample_section(struct krun_file *file,
			       struct krun_request *request, unsigned int flags)
{
	const struct krun_held_plan *plan = rcu_dereference_sched(file->plan);

	if (unlikely(plan == &krun_no_plan))
		return -ENODATA;
	request->flags = flags | plan->flags;
	if (request->flags & KRUN_SAMPLE_RENDEZVOUS &&
	    unlikely(check_tsc_unstable()))
		return -EOPNOTSUPP;
	request->cpus = plan->cpus;
	request->own = plan->own;
	request->counters = plan->counters;
	request->generation = plan->generation;
	return krun_sample_cpus(request);
}

/**
 * krun_sample_many() - every planned CPU writes its slot
 * @file: the file
 * @flags: KRUN_SAMPLE_*, in addition to those of the plan
 *
 * Return: the CPU that the caller ran on, or an error; see krun_sample(2).
 */
noinline int krun_sample_many(struct krun_file *file, unsigned int flags)
{
	struct krun_request request = {
		.slots = file->slots,
		.owner = file,
		.sample = krun_next_sample(file),
	};
	int err;

	for (;;) {
		krun_section_begin();
		err = krun_sample_section(file, &request, flags);
		krun_section_end();
		if (likely(err != -EAGAIN))
			return err ?: request.caller;
		err = krun_multicast_sleep();
		if (err)
			return err;
		request.slept = true;
	}
}

/* The slow end of a local sample, whose usual path calls nothing. */
noinline int krun_sample_local_unusual(const struct krun_held_plan *plan,
				       struct krun_slot *slot)
{
	krun_sample_unusual(slot, plan->counters, plan->own, 0,
			    plan->generation);
	local_irq_enable();
	return slot->cpu;
}

static noinline bool krun_is_sample_of_any_size(unsigned int command)
{
	return _IOC_TYPE(command) == _IOC_TYPE(KRUN_IOC_SAMPLE) &&
	       _IOC_NR(command) == _IOC_NR(KRUN_IOC_SAMPLE);
}

static long krun_file_ioctl(struct file *filp, unsigned int command,
			    unsigned long argument)
{
	if (unlikely(command != KRUN_IOC_SAMPLE &&
		     !krun_is_sample_of_any_size(command)))
		return krun_file_control(filp, command, argument);
	return krun_file_sample(filp->private_data, argument);
}

static size_t krun_slots_size(void)
{
	return PAGE_ALIGN(nr_cpu_ids * sizeof(struct krun_slot));
}

/*
 * Charged to the memory cgroup of who opens, and without a stack trace in the
 * log when there is no memory: vmalloc_user() offers neither.
 */
static struct krun_slot *krun_alloc_slots(void)
{
	return __vmalloc(krun_slots_size(),
			 KRUN_GFP_MAPPED | __GFP_ZERO | __GFP_NOWARN);
}

static int krun_file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct krun_file *file = filp->private_data;
	unsigned long first = vma->vm_pgoff, count = vma_pages(vma), i;
	unsigned long pages = krun_slots_size() >> PAGE_SHIFT;
	int err = 0;

	/* The kernel trusts the sequence numbers in there. */
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	if (first > pages || count > pages - first)
		return -EINVAL;
	krun_vma_restrict(vma);
	for (i = 0; i < count && !err; i++) {
		void *slots = (void *)file->slots + ((first + i) << PAGE_SHIFT);

		err = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				     vmalloc_to_page(slots));
	}
	return err;
}

static int krun_file_open(struct inode *inode, struct file *filp)
{
	struct krun_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	int cpu;

	if (!file)
		return -ENOMEM;
	file->slots = krun_alloc_slots();
	if (!file->slots) {
		kfree(file);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		file->slots[cpu].cpu = cpu;
	mutex_init(&file->lock);
	RCU_INIT_POINTER(file->plan, &krun_no_plan);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int krun_file_release(struct inode *inode, struct file *filp)
{
	struct krun_file *file = filp->private_data;
	struct krun_held_plan *plan;

	plan = rcu_dereference_protected(file->plan, true);
	if (plan->flags & KRUN_PLAN_SHIELD)
		krun_shield_set(file, NULL);
	if (plan != &krun_no_plan)
		krun_plan_release(plan);
	vfree(file->slots);
	kfree(file);
	return 0;
}

static void krun_show_fdinfo(struct seq_file *seq, struct file *filp)
{
	struct krun_file *file = filp->private_data;
	const struct krun_held_plan *plan;

	mutex_lock(&file->lock);
	plan = rcu_dereference_protected(file->plan,
					 lockdep_is_held(&file->lock));
	seq_printf(seq, "krun_cpus:\t%*pbl\n", cpumask_pr_args(plan->cpus));
	seq_printf(seq, "krun_counters:\t%#x\n", plan->counters);
	if (plan != &krun_no_plan)
		seq_printf(seq, "krun_flags:\t%#x\nkrun_shield:\t%*pbl\n",
			   plan->flags, cpumask_pr_args(plan->shield));
	seq_printf(seq, "krun_sealed:\t%d\n", file->sealed);
	mutex_unlock(&file->lock);
}

const struct file_operations krun_file_operations = {
	.owner		= THIS_MODULE,
	.open		= krun_file_open,
	.release	= krun_file_release,
	.unlocked_ioctl	= krun_file_ioctl,
	.compat_ioctl	= krun_file_ioctl,	/* a short address is one, too */
	.mmap		= krun_file_mmap,
	.show_fdinfo	= krun_show_fdinfo,
};

static struct miscdevice krun_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "krun",
	.fops	= &krun_file_operations,
	.mode	= 0600,
	.groups	= krun_shield_groups,
};

/**
 * krun_device_init() - offer /dev/krun
 *
 * Return: 0, -ENOMEM, or an error of misc_register().
 */
int __init krun_device_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct krun_slot) != 256);
	BUILD_BUG_ON(offsetof(struct krun_slot, cycles) != 56);
	BUILD_BUG_ON(offsetof(struct krun_slot, own) != 112);
	BUILD_BUG_ON(offsetof(struct krun_slot, reserved2) != 160);
	BUILD_BUG_ON(sizeof(struct krun_plan) != 96);
	BUILD_BUG_ON(sizeof(struct krun_info) != 32);
	if (!zalloc_cpumask_var(&krun_no_plan.cpus, GFP_KERNEL))
		return -ENOMEM;
	err = misc_register(&krun_device);
	if (err) {
		pr_warn("no /dev/krun (error %d)\n", err);
		free_cpumask_var(krun_no_plan.cpus);
	}
	return err;
}

/**
 * krun_device_exit() - undo krun_device_init()
 *
 * No file is open.
 */
void krun_device_exit(void)
{
	misc_deregister(&krun_device);
	free_cpumask_var(krun_no_plan.cpus);
}
