// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/krun and krun_sample(2).
 *
 * An open file is the permission to sample what it plans. It can be passed to a
 * child or over a socket, to a process that could not open the device. The
 * counters are held until the last descriptor is closed and the last mapping is
 * gone.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/tsc.h>
#include "plan.h"
#include "sampler.h"

/* Snapshots need preparation by a plan. */
#define KRUN_SAMPLE_CALL (KRUN_SAMPLE_ALL & ~KRUN_SAMPLE_IDLE_SNAPSHOT)

/**
 * struct krun_file - an open /dev/krun
 * @lock:	serialises planning; samples do not take it
 * @plan:	what is sampled; &krun_no_plan before the first KRUN_IOC_PLAN
 * @slots:	one for each possible CPU, for user space to map
 */
struct krun_file {
	struct mutex lock;	/* planning */
	struct krun_held_plan __rcu *plan;
	struct krun_slot *slots;
};

/* Has no CPU, so that a local sample finds its CPU not planned. */
static struct krun_held_plan krun_no_plan = { .flags = KRUN_SAMPLE_LOCAL };

static const struct file_operations krun_file_operations;

/* The slow end of krun_sample_local(), whose usual path calls nothing. */
static noinline int krun_sample_local_unusual(struct krun_slot *slot,
					      u32 counters)
{
	krun_sample_unusual(slot, counters, 0);
	local_irq_enable();
	return slot->cpu;
}

static __always_inline int krun_sample_local(const struct krun_held_plan *plan,
					     struct krun_slot *slots)
{
	unsigned int cpu;
	struct krun_slot *slot;

	local_irq_disable();
	cpu = smp_processor_id();
	if (unlikely(!cpumask_test_cpu(cpu, plan->cpus))) {
		local_irq_enable();
		return -ENODATA;
	}
	slot = &slots[cpu];
	krun_slot_begin(slot);
	if (unlikely(!krun_sample_usual(slot, plan->counters, 0)))
		return krun_sample_local_unusual(slot, plan->counters);
	local_irq_enable();
	return slot->cpu;
}

static noinline int krun_sample_many(const struct krun_held_plan *plan,
				     struct krun_slot *slots,
				     unsigned int flags)
{
	struct krun_request request = {
		.cpus = plan->cpus,
		.slots = slots,
		.counters = plan->counters,
		.flags = flags,
	};

	krun_sample_cpus(&request);
	return request.caller;
}

/* Return: the CPU that the caller ran on, or an error. */
static __always_inline int krun_file_sample(struct krun_file *file,
					    unsigned long flags)
{
	const struct krun_held_plan *plan;
	int ret;

	if (unlikely(flags & ~(unsigned long)KRUN_SAMPLE_CALL))
		return -EINVAL;
	/* No CPU goes offline, and the plan stays, while preemption is off. */
	preempt_disable();
	plan = rcu_dereference_sched(file->plan);
	flags |= plan->flags;
	if (flags & KRUN_SAMPLE_LOCAL)
		ret = krun_sample_local(plan, file->slots);
	else
		ret = krun_sample_many(plan, file->slots, flags);
	preempt_enable();
	return ret;
}

/* A file that another thread or process may close at any time. */
static noinline int krun_sample_shared(int fd, unsigned int flags)
{
	struct fd file = fdget(fd);
	int ret = -EBADF;

	if (!fd_file(file))
		return ret;
	if (fd_file(file)->f_op == &krun_file_operations)
		ret = krun_file_sample(fd_file(file)->private_data, flags);
	fdput(file);
	return ret;
}

/**
 * sys_krun_sample() - make every planned CPU write its slot
 * @fd:		an open /dev/krun that has a plan
 * @flags:	KRUN_SAMPLE_*, in addition to those of the plan; not
 *		KRUN_SAMPLE_IDLE_SNAPSHOT
 *
 * Return: the number of the CPU that the caller ran on, or -EBADF (no open file,
 * or not of this device), -EINVAL (unknown flags), -ENODATA (no plan yet, or
 * with KRUN_SAMPLE_LOCAL: this CPU is not planned).
 */
SYSCALL_DEFINE2(krun_sample, int, fd, unsigned int, flags)
{
	struct file *own = krun_own_file(fd);

	if (likely(own && own->f_op == &krun_file_operations))
		return krun_file_sample(own->private_data, flags);
	return krun_sample_shared(fd, flags);
}

/* Clear what the previous plan left: samples write only what is planned. */
static void krun_clear_unplanned(struct krun_slot *slots,
				 const struct krun_held_plan *plan)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct krun_slot *slot = &slots[cpu];
		bool planned = cpumask_test_cpu(cpu, plan->cpus);

		local_irq_disable();
		krun_slot_begin(slot);
		if (planned)
			krun_slot_keep(slot, plan->counters);
		else
			krun_slot_clear(slot);
		krun_slot_end(slot, planned ? slot->status : KRUN_STATUS_EMPTY,
			      planned ? slot->flags : 0);
		local_irq_enable();
	}
}

static int krun_ioctl_plan(struct krun_file *file, void __user *argument)
{
	struct krun_held_plan *held, *old;
	struct krun_plan plan;
	u32 size;
	int err;

	if (get_user(size, &((struct krun_plan __user *)argument)->size))
		return -EFAULT;
	if (size < KRUN_PLAN_SIZE_VER0 || size > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(&plan, sizeof(plan), argument, size);
	if (err)
		return err;
	held = krun_plan_take(&plan);
	if (IS_ERR(held))
		return PTR_ERR(held);
	if (mutex_lock_killable(&file->lock)) {
		krun_plan_release(held);
		return -EINTR;
	}
	old = rcu_replace_pointer(file->plan, held,
				  lockdep_is_held(&file->lock));
	if (old != &krun_no_plan) {
		/* A sample of the old plan may still be under way. */
		synchronize_rcu();
		krun_plan_release(old);
		krun_clear_unplanned(file->slots, held);
	}
	mutex_unlock(&file->lock);
	return 0;
}

static int krun_ioctl_info(void __user *argument)
{
	struct krun_info info = {
		.size = sizeof(info),
		.flags = KRUN_SAMPLE_ALL,
		.counters = krun_sampler_counters(raw_smp_processor_id()),
		.cpus = nr_cpu_ids,
		.slot_size = sizeof(struct krun_slot),
		.tsc_khz = tsc_khz,
		.counter_bits = krun_counter_bits(),
	};
	u32 size;

	if (get_user(size, &((struct krun_info __user *)argument)->size))
		return -EFAULT;
	if (size < KRUN_INFO_SIZE_VER0 || size > PAGE_SIZE)
		return -EINVAL;
	if (size > sizeof(info) &&
	    clear_user(argument + sizeof(info), size - sizeof(info)))
		return -EFAULT;
	if (copy_to_user(argument, &info, min_t(size_t, size, sizeof(info))))
		return -EFAULT;
	return 0;
}

static noinline long krun_file_control(struct krun_file *file,
				       unsigned int command,
				       void __user *argument)
{
	switch (command) {
	case KRUN_IOC_PLAN:
		return krun_ioctl_plan(file, argument);
	case KRUN_IOC_INFO:
		return krun_ioctl_info(argument);
	default:
		return -ENOTTY;
	}
}

static long krun_file_ioctl(struct file *filp, unsigned int command,
			    unsigned long argument)
{
	struct krun_file *file = filp->private_data;

	if (unlikely(command != KRUN_IOC_SAMPLE))
		return krun_file_control(file, command,
					 (void __user *)argument);
	return krun_file_sample(file, argument);
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
	if (plan != &krun_no_plan)
		krun_plan_release(plan);
	vfree(file->slots);
	kfree(file);
	return 0;
}

static const struct file_operations krun_file_operations = {
	.owner		= THIS_MODULE,
	.open		= krun_file_open,
	.release	= krun_file_release,
	.unlocked_ioctl	= krun_file_ioctl,
	.mmap		= krun_file_mmap,
};

static struct miscdevice krun_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "krun",
	.fops	= &krun_file_operations,
	.mode	= 0600,
};

static int __init krun_device_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct krun_slot) != 128);
	BUILD_BUG_ON(sizeof(struct krun_plan) != KRUN_PLAN_SIZE_VER0);
	BUILD_BUG_ON(sizeof(struct krun_info) != KRUN_INFO_SIZE_VER0);
	if (!zalloc_cpumask_var(&krun_no_plan.cpus, GFP_KERNEL))
		return -ENOMEM;
	err = misc_register(&krun_device);
	if (err)
		pr_warn("no /dev/krun (error %d)\n", err);
	return err;
}
device_initcall(krun_device_init);
