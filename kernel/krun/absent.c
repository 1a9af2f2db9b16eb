// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without CONFIG_KRUN: the system-call table has our numbers all the
 * same.
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
