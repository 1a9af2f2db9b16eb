// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that runs out. A kernel that can (CONFIG_FAULT_INJECTION) lets one
 * allocation of a task fail, the Nth from now: Documentation/fault-injection.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "fuzz.h"

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, text, 1) == 1;
	close(fd);
	return written;
}

static bool possible;

/*
 * Allocations that may sleep fail, too, and without a stack trace for each.
 * Return: whether this kernel can do it; otherwise faults_begin() does nothing.
 */
bool faults_setup(void)
{
	possible = write_text("/sys/kernel/debug/failslab/ignore-gfp-wait",
			      "N") &&
		   write_text("/sys/kernel/debug/failslab/verbose", "0");
	return possible;
}

/* A child of fork has its parent's descriptor, which is not about itself. */
static int own_file(void)
{
	static __thread pid_t owner;
	static __thread int fd = -1;

	if (owner != gettid()) {
		owner = gettid();
		fd = open("/proc/thread-self/fail-nth", O_WRONLY | O_CLOEXEC);
	}
	return fd;
}

static void fail_nth(unsigned int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(own_file(), text, size, 0) < 0)
		usleep(1);
}

/* Until faults_end(), for the calling thread. */
void faults_begin(struct random *random)
{
	if (possible)
		fail_nth(1 + random_below(random, 12));
}

void faults_end(void)
{
	if (possible)
		fail_nth(0);
}
