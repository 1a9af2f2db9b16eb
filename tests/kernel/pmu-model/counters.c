// SPDX-License-Identifier: GPL-2.0-only

#include "counters.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct settings settings = { .ratio = 100, .ipc = 100 };

bool cpu_is_amd(void)
{
	unsigned int a, b = 0, c, d;

	__get_cpuid(0, &a, &b, &c, &d);
	return b == signature_AMD_ebx;
}

bool amd_has_core_counters(void)
{
	unsigned int a, b, c = 0, d;

	__get_cpuid(0x80000001, &a, &b, &c, &d);
	return c >> 23 & 1;
}

/* Enough for one of them to fall between two interruptions by the host. */
#define ATTEMPTS 50

uint64_t tsc_hz(void)
{
	static uint64_t hz;
	struct timespec a, b;
	uint64_t start, ns;

	if (hz)
		return hz;
	clock_gettime(CLOCK_MONOTONIC_RAW, &a);
	start = read_tsc();
	do {
		clock_gettime(CLOCK_MONOTONIC_RAW, &b);
		ns = (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000 +
		     (uint64_t)(b.tv_nsec - a.tv_nsec);
	} while (ns < 200000000);
	hz = (uint64_t)((double)(read_tsc() - start) * 1e9 / (double)ns);
	return hz;
}

void burn(double seconds)
{
	uint64_t span = (uint64_t)(seconds * (double)tsc_hz());
	uint64_t start = read_tsc();

	while (read_tsc() - start < span)
		;
}

bool pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

int cpu_count_online(void)
{
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

bool write_text(const char *path, const char *text)
{
	ssize_t length = (ssize_t)strlen(text);
	int fd = open(path, O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, (size_t)length) == length;
	return close(fd) == 0 && done;
}

long read_number(const char *path)
{
	FILE *f = fopen(path, "r");
	long value = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

int msr_load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		error = -errno;
	close(fd);
	return error;
}

int msr_open(int cpu, bool writable)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, writable ? O_RDWR : O_RDONLY);
	return fd < 0 ? -errno : fd;
}

int msr_read(int fd, uint32_t msr, uint64_t *value)
{
	return pread(fd, value, sizeof(*value), msr) == sizeof(*value) ?
	       0 : -errno;
}

int msr_write(int fd, uint32_t msr, uint64_t value)
{
	return pwrite(fd, &value, sizeof(value), msr) == sizeof(value) ?
	       0 : -errno;
}

struct perf_event_attr hardware_event(uint64_t config)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(struct perf_event_attr),
		.config = config,
	};
}

struct perf_event_attr reference_cycles(void)
{
	struct perf_event_attr attr =
		hardware_event(PERF_COUNT_HW_REF_CPU_CYCLES);

	if (cpu_is_amd()) {
		/* Event 120H, whose bits 11 to 8 are at 35, unit mask 1. */
		attr.type = PERF_TYPE_RAW;
		attr.config = 0x100000120;
	}
	return attr;
}

int event_open(const struct perf_event_attr *attr, int pid, int cpu,
	       int group_fd)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, group_fd,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int group_open(struct group *g, const struct perf_event_attr *attr, int count,
	       int pid, int cpu)
{
	*g = (struct group){ .count = 0 };
	for (int i = 0; i < count; i++) {
		struct perf_event_attr a = attr[i];
		int fd;

		a.read_format = PERF_FORMAT_GROUP;
		/* Else a group that does not fit reads as a small count. */
		a.pinned = i == 0;
		fd = event_open(&a, pid, cpu, i ? g->fd[0] : -1);
		if (fd < 0) {
			group_close(g);
			return fd;
		}
		g->fd[g->count++] = fd;
	}
	return 0;
}

void group_close(struct group *g)
{
	while (g->count > 0)
		close(g->fd[--g->count]);
}

/* How a reading is taken; the context says from what. */
typedef int (*reader)(const void *context, struct moment *m);

/* Of many readings the one that took least. */
static int read_quickest(reader read_once, const void *context,
			 struct moment *best)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct moment m;
		int error = read_once(context, &m);

		if (error)
			return error;
		if (!i || m.after - m.before < best->after - best->before)
			*best = m;
	}
	return 0;
}

static int read_frequency_once(const void *context, struct moment *m)
{
	int fd = *(const int *)context;
	int error;

	m->before = read_tsc();
	error = msr_read(fd, MSR_MPERF, &m->value[0]);
	if (!error)
		error = msr_read(fd, MSR_APERF, &m->value[1]);
	m->after = read_tsc();
	return error;
}

int read_frequency(int msr_fd, struct moment *m)
{
	return read_quickest(read_frequency_once, &msr_fd, m);
}

static int read_counts(const struct group *g, uint64_t *value)
{
	struct {
		uint64_t count;
		uint64_t value[8];
	} buffer;
	size_t size = sizeof(uint64_t) * (size_t)(g->count + 1);
	ssize_t got = read(g->fd[0], &buffer, size);

	/* Nothing to read: the pinned group has lost its counters. */
	if (got != (ssize_t)size)
		return got < 0 ? -errno : -EBUSY;
	memcpy(value, buffer.value, size - sizeof(uint64_t));
	return 0;
}

static int read_group_once(const void *context, struct moment *m)
{
	int error;

	m->before = read_tsc();
	error = read_counts(context, m->value);
	m->after = read_tsc();
	return error;
}

int read_group(const struct group *g, struct moment *m)
{
	return read_quickest(read_group_once, g, m);
}

struct aperf_context {
	const struct group *group;
	int msr_fd;
};

static int read_within_aperf_once(const void *context, struct moment *m)
{
	const struct aperf_context *c = context;
	int error;

	error = msr_read(c->msr_fd, MSR_APERF, &m->before);
	if (!error)
		error = read_counts(c->group, m->value);
	if (!error)
		error = msr_read(c->msr_fd, MSR_APERF, &m->after);
	return error;
}

int read_group_within_aperf(const struct group *g, int msr_fd,
			    struct moment *m)
{
	struct aperf_context context = { .group = g, .msr_fd = msr_fd };

	return read_quickest(read_within_aperf_once, &context, m);
}

double percent_of(double a, double b, double expected)
{
	return b * expected != 0 ? 100 * a / (b * expected) : 0;
}

bool is_near(double percent, double tolerance)
{
	return fabs(percent - 100) <= tolerance;
}
