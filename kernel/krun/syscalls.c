// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls of the first Krun kernel, binary compatible.
 *
 * Permission is asked for when a process has nothing yet; from its first
 * krun_configure() on the state that it holds is the permission, as an open
 * file is, so that a benchmark may drop its privileges afterwards and a reading
 * does not pay for the question.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include "compat.h"
#include "process.h"

static int krun_unprivileged __read_mostly;

static bool krun_permitted(void)
{
	return READ_ONCE(krun_unprivileged) || perfmon_capable();
}

static bool krun_possible(int n_cores)
{
	return n_cores >= 0 && n_cores <= nr_cpu_ids;
}

/* Why a reading or a reset of @n_cores CPUs was refused. */
static noinline int krun_refusal(struct krun_process *process, int n_cores)
{
	if (!process && !krun_permitted())
		return -EPERM;
	return krun_possible(n_cores) ? -ENODATA : -EINVAL;
}

static __always_inline bool krun_configured(struct krun_process *process,
					    int n_cores)
{
	if (unlikely(!process))
		return false;
	/* Pairs with the smp_store_release() in krun_process_configure(). */
	return (unsigned int)n_cores <= smp_load_acquire(&process->cpus);
}

/* Where a reading goes: one array for each counter. */
struct krun_arrays {
	u64 __user *aperf;
	u64 __user *mperf;
	u64 __user *cycles;
};

static bool krun_arrays_ok(const struct krun_arrays *arrays, size_t bytes)
{
	return access_ok(arrays->aperf, bytes) &&
	       access_ok(arrays->mperf, bytes) &&
	       access_ok(arrays->cycles, bytes);
}

/*
 * Before a sample is taken every page of an array is touched: what is there is
 * written back. So a bad array is found while all three still hold their old
 * values, and no page fault comes between a counter and the return to user
 * space.
 */
#define krun_touch(pointer, fault)					\
do {									\
	typeof(*(pointer)) __value;					\
									\
	unsafe_get_user(__value, pointer, fault);			\
	unsafe_put_user(__value, pointer, fault);			\
} while (0)

static bool krun_touch_array(u64 __user *array, size_t bytes)
{
	unsigned long byte = (unsigned long)array;
	unsigned long end = byte + bytes;

	if (!user_access_begin(array, bytes))
		return false;
	for (; byte < end; byte = PAGE_ALIGN(byte + 1))
		krun_touch((u8 __user *)byte, fault);
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

static int krun_copy_out(const struct krun_slot *slots, unsigned int cpus,
			 const struct krun_arrays *arrays)
{
	unsigned int cpu;

	/* The other two arrays have been checked by krun_touch_array(). */
	if (!user_write_access_begin(arrays->aperf, cpus * sizeof(u64)))
		return -EFAULT;
	for (cpu = 0; cpu < cpus; cpu++) {
		const struct krun_counts *counts = &slots[cpu].counts;

		unsafe_put_user(counts->aperf, &arrays->aperf[cpu], fault);
		unsafe_put_user(counts->mperf, &arrays->mperf[cpu], fault);
		unsafe_put_user(counts->cycles, &arrays->cycles[cpu], fault);
	}
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

static noinline int krun_read_many(struct krun_process *process,
				   unsigned int cpus, bool cycles_first,
				   const struct krun_arrays *arrays)
{
	const struct krun_baseline *baseline;
	struct krun_buffer *buffer;
	unsigned int cpu;
	int err;

	if (!krun_touch_array(arrays->aperf, cpus * sizeof(u64)) ||
	    !krun_touch_array(arrays->mperf, cpus * sizeof(u64)) ||
	    !krun_touch_array(arrays->cycles, cpus * sizeof(u64)))
		return -EFAULT;
	buffer = krun_process_take_buffer(process);
	if (!buffer)
		return -ENOMEM;

	/* The baseline is fetched first: no sample is older than it. */
	rcu_read_lock();
	baseline = rcu_dereference(process->baseline);
	if (cpus == 1)
		err = krun_sample_remote(0, buffer->slots, cycles_first);
	else
		err = krun_sample_cpus(buffer, cpus, cycles_first);
	for (cpu = 0; cpu < cpus && baseline && !err; cpu++)
		krun_subtract(&buffer->slots[cpu].counts,
			      &baseline->counts[cpu]);
	rcu_read_unlock();

	if (!err)
		err = krun_copy_out(buffer->slots, cpus, arrays);
	krun_process_return_buffer(process, buffer);
	return err;
}

/*
 * The commonest call by far: the caller samples the CPU that it runs on. It
 * needs no interrupt and no buffer, and calls no function.
 *
 * Return: 0, -EFAULT, -EBUSY, or -EXDEV when this is not CPU 0.
 */
static __always_inline int krun_read_own(struct krun_process *process,
					 bool cycles_first,
					 const struct krun_arrays *arrays)
{
	const struct krun_baseline *baseline;
	struct krun_counts counts;
	int err = -EXDEV;

	if (unlikely(!krun_arrays_ok(arrays, sizeof(u64))))
		return -EFAULT;
	if (!user_access_begin(arrays->aperf, sizeof(u64)))
		return -EFAULT;
	krun_touch(arrays->aperf, fault);
	krun_touch(arrays->mperf, fault);
	krun_touch(arrays->cycles, fault);
	user_access_end();

	rcu_read_lock();
	baseline = rcu_dereference(process->baseline);
	local_irq_disable();
	if (likely(!smp_processor_id()))
		err = krun_sample_local(&counts, cycles_first);
	local_irq_enable();
	if (likely(!err) && baseline)
		krun_subtract(&counts, &baseline->counts[0]);
	rcu_read_unlock();
	if (unlikely(err))
		return err;

	if (!user_write_access_begin(arrays->aperf, sizeof(u64)))
		return -EFAULT;
	unsafe_put_user(counts.aperf, arrays->aperf, fault);
	unsafe_put_user(counts.mperf, arrays->mperf, fault);
	unsafe_put_user(counts.cycles, arrays->cycles, fault);
	user_write_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

/**
 * sys_krun_read_msrs() - sample the counters of CPU 0 .. @n_cores - 1
 * @n_cores:	number of CPUs; 0 does nothing
 * @ctr1_first:	whether the core-cycle counter is read before APERF and MPERF
 * @aperfs:	array of @n_cores values: IA32_APERF since the latest reset
 * @mperfs:	the same for IA32_MPERF
 * @ctr1s:	the same for core cycles
 *
 * Return: 0, or on an error, with all arrays as they were: -EPERM, -EINVAL,
 * -ENODATA (not configured), -ENXIO (offline), -EBUSY (the core-cycle counter
 * has been lost), -EFAULT, -ENOMEM.
 */
SYSCALL_DEFINE5(krun_read_msrs, int, n_cores, int, ctr1_first,
		u64 __user *, aperfs, u64 __user *, mperfs,
		u64 __user *, ctr1s)
{
	const struct krun_arrays arrays = { aperfs, mperfs, ctr1s };
	struct krun_process *process = krun_process_current();

	if (!n_cores)
		return 0;
	if (unlikely(!krun_configured(process, n_cores)))
		return krun_refusal(process, n_cores);
	if (n_cores == 1) {
		int err = krun_read_own(process, ctr1_first, &arrays);

		if (likely(err != -EXDEV))
			return err;
	}
	return krun_read_many(process, n_cores, ctr1_first, &arrays);
}

/**
 * sys_krun_reset_msrs() - let CPU 0 .. @n_cores - 1 count from zero
 * @n_cores: number of CPUs; 0 does nothing
 *
 * Only for the calling process: no counter is written.
 *
 * Return: 0, -EPERM, -EINVAL, -ENODATA, -ENXIO, -EBUSY, -ENOMEM or -EINTR.
 */
SYSCALL_DEFINE1(krun_reset_msrs, int, n_cores)
{
	struct krun_process *process = krun_process_current();

	if (!n_cores)
		return 0;
	if (!krun_configured(process, n_cores))
		return krun_refusal(process, n_cores);
	return krun_process_reset(process, n_cores);
}

/**
 * sys_krun_configure() - take the counters of CPU 0 .. @n_cores - 1
 * @n_cores: number of CPUs; 0 does nothing
 *
 * They are given back when the process ends. Further calls may add CPUs.
 *
 * Return: 0, -EPERM, -EINVAL, -ENXIO, -EOPNOTSUPP, -EBUSY, -ENOMEM or -EINTR.
 */
SYSCALL_DEFINE1(krun_configure, int, n_cores)
{
	struct krun_process *process;

	if (!n_cores)
		return 0;
	if (!krun_permitted())
		return -EPERM;
	if (!krun_possible(n_cores))
		return -EINVAL;
	process = krun_process_get();
	if (!process)
		return -ENOMEM;
	return krun_process_configure(process, n_cores);
}

static struct ctl_table krun_sysctls[] = {
	{
		.procname	= "krun_unprivileged",
		.data		= &krun_unprivileged,
		.maxlen		= sizeof(krun_unprivileged),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{ }
};

static int __init krun_syscalls_init(void)
{
	if (!krun_register_sysctl(krun_sysctls, ARRAY_SIZE(krun_sysctls) - 1))
		pr_warn("no sysctl kernel.krun_unprivileged\n");
	return 0;
}
device_initcall(krun_syscalls_init);
