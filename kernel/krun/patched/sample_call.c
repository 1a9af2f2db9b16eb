// SPDX-License-Identifier: GPL-2.0-only
/*
 * krun_sample(2): what the ioctl KRUN_IOC_SAMPLE does, with a shorter way there.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/syscalls.h>
#include "access.h"
#include "device.h"

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
