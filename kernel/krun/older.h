/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels do not have yet, under the names of newer ones.
 *
 * A part of compat.h. Stable kernels have some of this, too, from some release on:
 * the names here are macros, which do not collide with that.
 */
#ifndef _KRUN_OLDER_H
#define _KRUN_OLDER_H

#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 11, 0)
/* Before, linux/sched.h has all of it. */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#endif

/*
 * CPUs.
 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 12, 0)
#define __cpumask_set_cpu(cpu, mask)					\
	__set_bit(cpumask_check(cpu), cpumask_bits(mask))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 13, 0)
#define cpus_read_lock() get_online_cpus()
#define cpus_read_unlock() put_online_cpus()
#endif

/*
 * Memory.
 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0)
#define __vmalloc(size, gfp)						\
	((__vmalloc)(size, (gfp) | __GFP_HIGHMEM, PAGE_KERNEL))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 12, 0)
static inline void *krun_kvzalloc(size_t size, gfp_t gfp)
{
	void *memory = NULL;

	gfp |= __GFP_ZERO;
	if (size <= PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER)
		memory = kmalloc(size, gfp | __GFP_NOWARN | __GFP_NORETRY);
	return memory ?: __vmalloc(size, gfp);
}

#define kvzalloc(size, gfp) krun_kvzalloc(size, gfp)
#endif

/* Wait for whoever has interrupts, softirqs or preemption off. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 20, 0)
#define krun_synchronize() synchronize_sched()
#else
#define krun_synchronize() synchronize_rcu()
#endif

/*
 * Data races.
 */

#ifndef data_race /* new in 5.8 */
#define data_race(expression) (expression)
#define kcsan_disable_current() do { } while (0)
#define kcsan_enable_current() do { } while (0)
#else
#include <linux/kcsan-checks.h>
#endif

/*
 * What user space hands over.
 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 4, 0)
static inline int krun_copy_struct_from_user(void *to, size_t size,
					     const void __user *from,
					     size_t from_size)
{
	char rest[64];
	size_t done = min(size, from_size), part;

	if (copy_from_user(to, from, done))
		return -EFAULT;
	memset(to + done, 0, size - done);
	for (; done < from_size; done += part) {
		part = min(from_size - done, sizeof(rest));
		if (copy_from_user(rest, from + done, part))
			return -EFAULT;
		if (memchr_inv(rest, 0, part))
			return -E2BIG;
	}
	return 0;
}

#define copy_struct_from_user(to, size, from, from_size)		\
	krun_copy_struct_from_user(to, size, from, from_size)
#endif

#ifndef CAP_PERFMON /* new in 5.8 */
#define perfmon_capable() capable(CAP_SYS_ADMIN)
#endif

#ifndef SYSCTL_ZERO /* new in 5.2 */
static int krun_zero __maybe_unused;
static int krun_one __maybe_unused = 1;

#define SYSCTL_ZERO (&krun_zero)
#define SYSCTL_ONE (&krun_one)
#endif

#endif /* _KRUN_OLDER_H */
