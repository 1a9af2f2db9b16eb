/* SPDX-License-Identifier: MIT */
/*
 * Work to be measured, and what disturbs it:
 *
 *	disturb work SECONDS		computes
 *	disturb timers CPU		4,000 timer interrupts a second on that CPU, by perf's clock: no task runs there
 *	disturb msr CPU NUMBER VALUE	writes a register (the testbed's SMI count and thermal status take it)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int compute(double seconds)
{
	const double end = now() + seconds;

	while (now() < end)
		;
	return 0;
}

static int start_timers(int cpu)
{
	struct perf_event_attr clock = {
		.size = sizeof(clock),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = 4000,
	};

	if (syscall(SYS_perf_event_open, &clock, -1, cpu, -1, 0) < 0) {
		perror("disturb: perf_event_open");
		return 1;
	}
	return pause();
}

static int write_register(const char *cpu, long number, uint64_t value)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%s/msr", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, &value, sizeof(value), number) != sizeof(value)) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "work") == 0)
		return compute(atof(argv[2]));
	if (argc == 3 && strcmp(argv[1], "timers") == 0)
		return start_timers(atoi(argv[2]));
	if (argc == 5 && strcmp(argv[1], "msr") == 0)
		return write_register(argv[2], strtol(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	return 2;
}
