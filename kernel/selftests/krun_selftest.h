/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the Krun selftests. Included first, since it defines _GNU_SOURCE.
 * Each TEST() is a separate process.
 */
#ifndef _KRUN_SELFTEST_H
#define _KRUN_SELFTEST_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "krun-syscall.h"

#define MAX_CPUS 64
#define MAX_EVENTS 64
#define MSR_IA32_MPERF 0xe7
#define MSR_IA32_APERF 0xe8
#define UNPRIVILEGED_SYSCTL "/proc/sys/kernel/krun_unprivileged"

struct reading {
	uint64_t aperf[MAX_CPUS];
	uint64_t mperf[MAX_CPUS];
	uint64_t cycles[MAX_CPUS];
};

/* The calls return 0 or -errno. */
static inline int krun_result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static inline int krun_configure(int n)
{
	return krun_result(syscall(SYSCALL_KRUN_CONFIGURE, n));
}

static inline int krun_reset(int n)
{
	return krun_result(syscall(SYSCALL_KRUN_RESET_MSRS, n));
}

static inline int krun_read_to(int n, bool cycles_first, void *aperf,
			       void *mperf, void *cycles)
{
	return krun_result(syscall(SYSCALL_KRUN_READ_MSRS, n, cycles_first,
				   aperf, mperf, cycles));
}

static inline int krun_read(int n, bool cycles_first, struct reading *reading)
{
	return krun_read_to(n, cycles_first, reading->aperf, reading->mperf,
			    reading->cycles);
}

static inline int online_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static inline int pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static inline uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static inline uint64_t now_ms(void)
{
	return now_us() / 1000;
}

static inline void spin_us(unsigned int us)
{
	uint64_t end = now_us() + us;

	while (now_us() < end)
		;
}

static inline void spin_ms(unsigned int ms)
{
	spin_us(ms * 1000);
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	close(fd);
	return written == (ssize_t)strlen(text) ? 0 : -EIO;
}

static inline bool text_contains(const char *path, const char *part)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strstr(text, part);
}

/* As far as the machine can. Without firmware for it, "mem" is new in 4.10. */
static inline int suspend(void)
{
	const char *state = "/sys/power/state";

	return write_text(state, text_contains(state, "mem") ? "mem" : "freeze");
}

/* For what no interface reports. */
static inline bool kernel_is_before(int version, int patchlevel)
{
	int v, p;
	struct utsname name;

	return !uname(&name) && sscanf(name.release, "%d.%d", &v, &p) == 2 &&
	       (v < version || (v == version && p < patchlevel));
}

static inline long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/* 0 without an msr node; APERF of a running CPU never is 0. */
static inline uint64_t read_msr_node(int cpu, off_t msr)
{
	char path[64];
	uint64_t value = 0;
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &value, sizeof(value), msr) != sizeof(value))
		value = 0;
	close(fd);
	return value;
}

static inline int open_event(uint32_t type, uint64_t config, int cpu,
			     bool pinned)
{
	struct perf_event_attr attr = {
		.type = type,
		.config = config,
		.size = sizeof(attr),
		.pinned = pinned,
	};

	return syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

static inline int open_cycles_event(int cpu, bool pinned)
{
	return open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, cpu,
			  pinned);
}

/* A pinned event that has no hardware counter reads as end of file. */
static inline bool event_counts(int fd, uint64_t *value)
{
	return read(fd, value, sizeof(*value)) == sizeof(*value);
}

/*
 * Opens pinned events on a CPU until there is no hardware counter for another.
 * Return: how many; each has an open file in @fds, for give_back().
 */
static inline int take_counters(uint32_t type, uint64_t config, int cpu,
				int *fds)
{
	uint64_t value;
	int taken;

	for (taken = 0; taken < MAX_EVENTS; taken++) {
		fds[taken] = open_event(type, config, cpu, true);
		if (fds[taken] < 0)
			break;
		if (!event_counts(fds[taken], &value)) {
			close(fds[taken]);
			break;
		}
	}
	return taken;
}

static inline int take_cycles_counters(int cpu, int *fds)
{
	return take_counters(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, cpu,
			     fds);
}

static inline void give_back(const int *fds, int taken)
{
	while (taken)
		close(fds[--taken]);
}

/* How many counters CPU 0 still has for pinned events. */
static inline int free_counters(void)
{
	int fds[MAX_EVENTS];
	int taken = take_cycles_counters(0, fds);

	give_back(fds, taken);
	return taken;
}

/* Runs @body in a child and returns its exit status, or 128 + signal. */
static inline int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(body());
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int set_cpu_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online",
		 cpu);
	return write_text(path, online ? "1" : "0");
}

#endif /* _KRUN_SELFTEST_H */
