// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU that the guest leaves alone still wakes up now and then, and when the
 * host is busy a wake-up can take long.  That a CPU stood still is therefore
 * shown by the best of several attempts; one that never stands still never
 * passes.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

#define ATTEMPTS 8
/* Of the TSC: a CPU that does not halt is at 100. */
#define IDLE_PERCENT 10.0

static void wait_a_second(void)
{
	struct timespec second = { .tv_sec = 1 };

	nanosleep(&second, NULL);
}

/* Leaves the calling CPU as well: sleeping, not burning. */
static double busy_percent(int msr_fd, int which, double scale, int *error)
{
	struct moment a = { .before = 0 }, b = { .before = 0 };

	*error = read_frequency(msr_fd, &a);
	wait_a_second();
	if (!*error)
		*error = read_frequency(msr_fd, &b);
	return percent_of(b.value[which] - a.value[which],
			  b.before - a.before, scale);
}

void test_halted_cpu(struct tap *t)
{
	int count = cpu_count_online();

	for (int cpu = 0; cpu < count; cpu++) {
		double best[2] = { 1000, 1000 };
		int fd = msr_open(cpu, false);

		if (!tap_check(t, fd >= 0, "msr node: %s", strerror(-fd)))
			return;
		pin_to_cpu((cpu + 1) % count);
		for (int i = 0; i < ATTEMPTS && best[1] > IDLE_PERCENT; i++) {
			int error;
			double m = busy_percent(fd, 0, 1, &error);
			double a = busy_percent(fd, 1, settings.ratio / 100.0,
						&error);

			if (!tap_check(t, !error, "MSR: %s",
				       strerror(-error)))
				break;
			best[0] = m < best[0] ? m : best[0];
			best[1] = a < best[1] ? a : best[1];
		}
		close(fd);
		tap_note("CPU %d idle: MPERF %.2f %%, APERF %.2f %% of TSC",
			 cpu, best[0], best[1]);
		/* Zero is no halt either: the reading itself wakes it. */
		tap_check(t, best[0] < IDLE_PERCENT && best[0] > 0,
			  "CPU %d: MPERF", cpu);
		tap_check(t, best[1] < IDLE_PERCENT && best[1] > 0,
			  "CPU %d: APERF", cpu);
	}
}

/* An offline CPU is sent INIT to bring it back, and that keeps the PMU. */
void test_hotplug(struct tap *t)
{
	static const char path[] = "/sys/devices/system/cpu/cpu1/online";
	double best = 1000;
	int cpus = cpu_count_online();
	int fd;

	if (access(path, W_OK)) {
		tap_skip(t, "CPU 1 cannot be taken offline: no %s", path);
		return;
	}
	fd = msr_open(1, false);
	if (!tap_check(t, fd >= 0, "msr node: %s", strerror(-fd)))
		return;
	for (int i = 0; i < ATTEMPTS && best > IDLE_PERCENT && !t->failed;
	     i++) {
		struct moment a = { .before = 0 }, b = { .before = 0 };
		double percent;

		pin_to_cpu(0);
		read_frequency(fd, &a);
		tap_check(t, write_text(path, "0"), "cannot take it offline");
		tap_check(t, cpu_count_online() == cpus - 1, "it is online");
		wait_a_second();
		wait_a_second();
		tap_check(t, write_text(path, "1"), "cannot bring it back");
		close(fd);
		/* The node went with the CPU and has come back. */
		fd = msr_open(1, false);
		tap_check(t, fd >= 0 && !read_frequency(fd, &b),
			  "its MSRs are gone");
		for (int j = 0; j < 2; j++)
			tap_check(t, b.value[j] > a.value[j],
				  "the count has gone back or stopped");
		percent = percent_of(b.value[0] - a.value[0],
				     b.before - a.before, 1);
		best = percent < best ? percent : best;
	}
	close(fd);
	tap_note("CPU 1 offline: MPERF %.2f %% of TSC", best);
	/* Going and coming take their time, more so when emulated. */
	tap_check(t, best < 2 * IDLE_PERCENT, "it counts while offline");
	check_cycles_on_cpu(t, 1);
}
