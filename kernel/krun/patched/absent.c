// SPDX-License-Identifier: GPL-2.0-only
/*
 * For kernels without CONFIG_KRUN, whose system-call table has our numbers too.
 */
#include <linux/errno.h>
#include <linux/syscalls.h>

SYSCALL_DEFINE0(krun_read_msrs)
{
	return -ENOSYS;
}

SYSCALL_DEFINE0(krun_reset_msrs)
{
	return -ENOSYS;
}

SYSCALL_DEFINE0(krun_configure)
{
	return -ENOSYS;
}

SYSCALL_DEFINE0(krun_sample)
{
	return -ENOSYS;
}
