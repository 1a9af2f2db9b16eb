// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls of the first Krun kernel, binary compatible.
 *
 * Permission is checked by krun_configure(). After that the process's state itself
 * is the permission, like an open file, so that a benchmark may drop its
 * privileges and a reading does not pay for the check. It ends with the program,
 * at execve(), and what kernel.krun_unprivileged has permitted ends when that
 * becomes 0.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include "compat.h"
#include "multicast.h"
#include "process.h"

int krun_unprivileged __read_mostly;

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
	bool is_configured = process && READ_ONCE(process->cpus) &&
			     process->exec_id == current->self_exec_id;

	if (!is_configured && !krun_permitted())
		return -EPERM;
	return krun_possible(n_cores) ? -ENODATA : -EINVAL;
}

static __always_inline bool krun_configured(struct krun_process *process,
					    int n_cores)
{
	if (unlikely(!process || process->exec_id != current->self_exec_id))
		return false;
	/* Pairs with the smp_store_release() in krun_process_configure(). */
	return (unsigned int)n_cores <= smp_load_acquire(&process->cpus);
}

/*
 * Touch every page of an array before the sample, by reading and writing it
 * back. So a bad array is found while all three still hold their old values, and
 * no page fault falls between a counter and the return to user space.
 */
static bool krun_touch_array(u64 __user *array, size_t bytes)
{
	unsigned long byte = (unsigned long)array;
	unsigned long end = byte + bytes;
	u8 value;

	if (!krun_user_access_begin(array, bytes))
		return false;
	for (; byte < end; byte = PAGE_ALIGN(byte + 1)) {
		unsafe_get_user(value, (u8 __user *)byte, fault);
		unsafe_put_user(value, (u8 __user *)byte, fault);
	}
	user_access_end();
	return true;
fault:
	user_access_end();
	return false;
}

/* The same for one value; user access has begun. */
static __always_inline bool krun_touch(u64 __user *array)
{
	u64 value;

	unsafe_get_user(value, array, fault);
	unsafe_put_user(value, array, fault);
	return true;
fault:
	return false;
}

static int krun_copy_out(const struct krun_slot *slots, unsigned int cpus,
			 u64 __user *aperfs, u64 __user *mperfs,
			 u64 __user *cycles)
{
	unsigned int cpu;

	/* The other two arrays have been checked by krun_touch_array(). */
	if (!krun_user_access_begin(aperfs, cpus * sizeof(*aperfs)))
		return -EFAULT;
	for (cpu = 0; cpu < cpus; cpu++) {
		const struct krun_slot *slot = &slots[cpu];

		unsafe_put_user(slot->aperf, &aperfs[cpu], fault);
		unsafe_put_user(slot->mperf, &mperfs[cpu], fault);
		unsafe_put_user(slot->cycles, &cycles[cpu], fault);
	}
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

/* Any number of CPUs, among them possibly not the caller's own. */
static noinline int krun_read_many(struct krun_process *process,
				   unsigned int cpus, bool cycles_first,
				   u64 __user *aperfs, u64 __user *mperfs,
				   u64 __user *cycles)
{
	const struct krun_baseline *baseline;
	struct krun_buffer *buffer;
	bool slept = false;
	unsigned int cpu;
	int err;

	if (!krun_touch_array(aperfs, cpus * sizeof(*aperfs)) ||
	    !krun_touch_array(mperfs, cpus * sizeof(*mperfs)) ||
	    !krun_touch_array(cycles, cpus * sizeof(*cycles)))
		return -EFAULT;
	buffer = krun_process_take_buffer(process);
	if (!buffer)
		return -ENOMEM;

	for (;;) {
		/* The baseline is fetched first: no sample is older. */
		rcu_read_lock();
		baseline = rcu_dereference(process->baseline);
		err = krun_read_counts(buffer, cpus, cycles_first, slept);
		for (cpu = 0; cpu < cpus && baseline && !err; cpu++)
			krun_subtract_from_slot(&buffer->slots[cpu],
						&baseline->counts[cpu]);
		rcu_read_unlock();
		if (likely(err != -EAGAIN))
			break;
		err = krun_multicast_sleep();
		if (err)
			break;
		slept = true;
	}
	if (!err)
		err = krun_copy_out(buffer->slots, cpus, aperfs, mperfs,
				    cycles);
	krun_process_return_buffer(process, buffer);
	return err;
}

/*
 * By far the most common call: one CPU, and the caller runs on it. It needs no
 * interrupt and no buffer, and calls no function.
 */
static __always_inline int krun_read_own(struct krun_process *process,
					 bool cycles_first,
					 u64 __user *aperfs,
					 u64 __user *mperfs,
					 u64 __user *cycles)
{
	const struct krun_baseline *baseline;
	struct krun_counts counts;
	int err;

	if (unlikely(!krun_access_ok(mperfs, sizeof(*mperfs)) ||
		     !krun_access_ok(cycles, sizeof(*cycles)) ||
		     !krun_user_access_begin(aperfs, sizeof(*aperfs))))
		return -EFAULT;
	if (unlikely(!krun_touch(aperfs) || !krun_touch(mperfs) ||
		     !krun_touch(cycles)))
		goto fault;
	user_access_end();

	rcu_read_lock();
	baseline = rcu_dereference(process->baseline);
	local_irq_disable();
	if (unlikely(smp_processor_id())) {
		local_irq_enable();
		rcu_read_unlock();
		return krun_read_many(process, 1, cycles_first, aperfs, mperfs,
				      cycles);
	}
	err = krun_read_own_counts(&counts, cycles_first);
	local_irq_enable();
	if (unlikely(err)) {
		rcu_read_unlock();
		return err;
	}
	if (baseline)
		krun_subtract(&counts, &baseline->counts[0]);
	rcu_read_unlock();

	if (!krun_user_access_begin(aperfs, sizeof(*aperfs)))
		return -EFAULT;
	unsafe_put_user(counts.aperf, aperfs, fault);
	unsafe_put_user(counts.mperf, mperfs, fault);
	unsafe_put_user(counts.cycles, cycles, fault);
	user_access_end();
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
 * has been lost, or another's shield keeps this off a CPU), -EFAULT, -ENOMEM,
 * -EINTR (killed).
 */
SYSCALL_DEFINE5(krun_read_msrs, int, n_cores, int, ctr1_first,
		u64 __user *, aperfs, u64 __user *, mperfs,
		u64 __user *, ctr1s)
{
	struct krun_process *process = krun_process_current();

	if (!n_cores)
		return 0;
	if (unlikely(!krun_configured(process, n_cores)))
		return krun_refusal(process, n_cores);
	if (n_cores == 1)
		return krun_read_own(process, ctr1_first, aperfs, mperfs,
				     ctr1s);
	return krun_read_many(process, n_cores, ctr1_first, aperfs, mperfs,
			      ctr1s);
}

/**
 * sys_krun_reset_msrs() - make CPU 0 .. @n_cores - 1 count from zero
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
 * They are released when the process ends. Another call can add CPUs.
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
	return krun_process_configure(process, n_cores, !perfmon_capable());
}

static int krun_unprivileged_handler(KRUN_SYSCTL_ARGUMENTS)
{
	int err = proc_dointvec_minmax(table, write, buffer, lenp, ppos);

	if (!err && write && !READ_ONCE(krun_unprivileged))
		krun_process_revoke();
	return err;
}

static struct ctl_table krun_sysctls[] = {
	{
		.procname	= "krun_unprivileged",
		.data		= &krun_unprivileged,
		.maxlen		= sizeof(krun_unprivileged),
		.mode		= 0644,
		.proc_handler	= krun_unprivileged_handler,
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
