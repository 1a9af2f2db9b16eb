/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * System call numbers of the Krun Linux kernel (x86-64).
 *
 * Installed as <sys/krun-syscall.h>. The C library has no wrappers: use
 * syscall(2), which returns -1 and sets errno on an error.
 *
 * int krun_read_msrs(int n_cores, bool ctr1_first, u64 *aperfs, u64 *mperfs,
 *		      u64 *ctr1s)
 *	Samples CPU 0 .. n_cores - 1 into element i of each array for CPU i.
 *	APERF (counts of the actual frequency clock) is read before MPERF
 *	(counts of the TSC frequency clock), both only while the CPU is in C0;
 *	the core-cycle counter is read first when ctr1_first is true, else
 *	last. Values are 64 bits wide and count since this process's latest
 *	krun_reset_msrs(), or from an arbitrary start without one.
 *
 * void krun_reset_msrs(int n_cores)
 *	From now on CPU 0 .. n_cores - 1 count from zero for this process.
 *	Other processes' readings do not change.
 *
 * int krun_configure(int n_cores)
 *	Takes the core-cycle counter of CPU 0 .. n_cores - 1, for user and
 *	kernel mode, until the process ends. A child of fork(2) starts
 *	unconfigured; execve(2) ends the configuration.
 *
 * An n_cores of 0 succeeds and does nothing. Errors:
 *	EPERM		no CAP_PERFMON and kernel.krun_unprivileged is 0; what that
 *			sysctl has permitted ends when it becomes 0
 *	EINVAL		n_cores is negative or exceeds the possible CPUs
 *	ENXIO		a CPU in the range is offline
 *	ENODATA		a CPU in the range has not been configured (read, reset)
 *	EOPNOTSUPP	the CPU has no such counter (configure); see dmesg
 *	EBUSY		all hardware counters are taken; a CPU is shielded (read,
 *			reset)
 *	EFAULT		an array is not writable; nothing has been written
 *	ENOMEM		no memory for the process's state
 *	EINTR		the process is being killed
 */
#ifndef _KRUN_SYSCALL_H
#define _KRUN_SYSCALL_H

#define SYSCALL_KRUN_READ_MSRS	900
#define SYSCALL_KRUN_RESET_MSRS	901
#define SYSCALL_KRUN_CONFIGURE	902

#ifndef __NR_krun_read_msrs
#define __NR_krun_read_msrs	SYSCALL_KRUN_READ_MSRS
#define __NR_krun_reset_msrs	SYSCALL_KRUN_RESET_MSRS
#define __NR_krun_configure	SYSCALL_KRUN_CONFIGURE
#endif

#endif /* _KRUN_SYSCALL_H */
