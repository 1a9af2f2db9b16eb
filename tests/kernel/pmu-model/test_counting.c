// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each test takes a reading, burns some time and takes another: what is
 * compared are the differences.
 */

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

#define BURN_S 0.2
/* Percent.  A quick reading takes some 10 us of the 200 ms between two. */
#define TOLERANCE 1.0

static uint64_t change(const struct moment *from, const struct moment *to,
		       int i)
{
	return to->value[i] - from->value[i];
}

/* Two readings of MPERF and APERF on one busy CPU. */
static bool burn_frequency(struct tap *t, int cpu, struct moment *a,
			   struct moment *b)
{
	int fd = msr_open(cpu, false);
	int error;

	if (!tap_check(t, fd >= 0, "CPU %d: msr node: %s", cpu, strerror(-fd)))
		return false;
	tap_check(t, pin_to_cpu(cpu), "CPU %d: cannot run there", cpu);
	error = read_frequency(fd, a);
	burn(BURN_S);
	if (!error)
		error = read_frequency(fd, b);
	close(fd);
	return tap_check(t, !error, "CPU %d: MSR: %s", cpu, strerror(-error));
}

void test_aperf_mperf_ratio(struct tap *t)
{
	for (int cpu = 0; cpu < cpu_count_online(); cpu++) {
		struct moment a, b;
		double percent;

		if (!burn_frequency(t, cpu, &a, &b))
			return;
		percent = percent_of(change(&a, &b, 1), change(&a, &b, 0),
				     settings.ratio / 100.0);
		tap_note("CPU %d: APERF/MPERF is %.3f %% of the setting", cpu,
			 percent);
		tap_check(t, is_near(percent, TOLERANCE),
			  "CPU %d: off by more than %.1f %%", cpu, TOLERANCE);
	}
}

void test_mperf_is_tsc(struct tap *t)
{
	struct moment a, b;
	double percent;

	if (!burn_frequency(t, 0, &a, &b))
		return;
	percent = percent_of(change(&a, &b, 0), b.before - a.before, 1);
	tap_note("MPERF/TSC is %.3f %%", percent);
	tap_check(t, is_near(percent, TOLERANCE), "they part");
}

void test_aperf_monotonic(struct tap *t)
{
	int fd = msr_open(0, false);
	uint64_t last[2] = { 0, 0 };

	if (!tap_check(t, fd >= 0, "msr node: %s", strerror(-fd)))
		return;
	pin_to_cpu(0);
	for (int i = 0; i < 2000 && !t->failed; i++) {
		static const uint32_t msr[2] = { MSR_MPERF, MSR_APERF };

		for (int j = 0; j < 2; j++) {
			uint64_t now = 0;

			msr_read(fd, msr[j], &now);
			tap_check(t, now > last[j],
				  "MSR 0x%x: %llu after %llu", msr[j],
				  (unsigned long long)now,
				  (unsigned long long)last[j]);
			last[j] = now;
		}
	}
	close(fd);
}

void test_aperf_writable(struct tap *t)
{
	static const uint32_t msr[2] = { MSR_MPERF, MSR_APERF };
	int fd = msr_open(0, true);

	if (!tap_check(t, fd >= 0, "msr node: %s", strerror(-fd)))
		return;
	pin_to_cpu(0);
	for (int i = 0; i < 2; i++) {
		uint64_t was = 0, now = 0;
		uint64_t step = 1ULL << 50;
		int error = msr_read(fd, msr[i], &was);

		/* Forward, so that the kernel's own samples do not see less. */
		if (!error)
			error = msr_write(fd, msr[i], was + step);
		if (!error)
			error = msr_read(fd, msr[i], &now);
		if (!tap_check(t, !error, "MSR 0x%x: %s", msr[i],
			       strerror(-error)))
			break;
		/* 2^40 ticks are some minutes: the host is not that slow. */
		tap_check(t, now - was >= step &&
			  now - was - step < 1ULL << 40,
			  "MSR 0x%x: moved by 0x%llx", msr[i],
			  (unsigned long long)(now - was));
	}
	close(fd);
}

void check_cycles_on_cpu(struct tap *t, int cpu)
{
	struct perf_event_attr cycles =
		hardware_event(PERF_COUNT_HW_CPU_CYCLES);
	struct moment a, b;
	struct group g;
	double percent;
	int fd = msr_open(cpu, false);
	int error;

	if (!tap_check(t, fd >= 0, "CPU %d: msr node: %s", cpu, strerror(-fd)))
		return;
	tap_check(t, pin_to_cpu(cpu), "CPU %d: cannot run there", cpu);
	error = group_open(&g, &cycles, 1, -1, cpu);
	if (tap_check(t, !error, "CPU %d: perf: %s", cpu, strerror(-error))) {
		error = read_group_within_aperf(&g, fd, &a);
		burn(BURN_S);
		if (!error)
			error = read_group_within_aperf(&g, fd, &b);
		group_close(&g);
		tap_check(t, !error, "CPU %d: %s", cpu, strerror(-error));
	}
	close(fd);
	if (error)
		return;

	percent = percent_of(change(&a, &b, 0), b.before - a.before, 1);
	tap_note("CPU %d: cycles/APERF is %.3f %%", cpu, percent);
	tap_check(t, is_near(percent, TOLERANCE),
		  "CPU %d: off by more than %.1f %%", cpu, TOLERANCE);
}

void test_cycles_are_aperf(struct tap *t)
{
	for (int cpu = 0; cpu < cpu_count_online(); cpu++)
		check_cycles_on_cpu(t, cpu);
}

/*
 * Two events of each kind, as far as there are counters, so that general
 * counters take part besides the fixed ones.  The NMI watchdog may own one.
 */
void test_instructions_per_cycle(struct tap *t)
{
	struct perf_event_attr attr[5] = {
		hardware_event(PERF_COUNT_HW_CPU_CYCLES),
		hardware_event(PERF_COUNT_HW_INSTRUCTIONS),
		reference_cycles(),
		hardware_event(PERF_COUNT_HW_CPU_CYCLES),
		hardware_event(PERF_COUNT_HW_INSTRUCTIONS),
	};
	double ratio = settings.ratio / 100.0, ipc = settings.ipc / 100.0;
	const struct {
		const char *name;
		int a, b;
		double expected;
	} pair[] = {
		{ "instructions/cycles", 1, 0, ipc },
		{ "cycles/reference cycles", 0, 2, ratio },
		{ "cycles/cycles", 3, 0, 1 },
		{ "instructions/instructions", 4, 1, 1 },
	};
	struct moment a, b;
	struct group g;
	int error, count = 5;

	pin_to_cpu(0);
	error = group_open(&g, attr, count, -1, 0);
	if (error == -EINVAL) {
		count = 3; /* one of each kind: AMD's older CPUs have four counters */
		error = group_open(&g, attr, count, -1, 0);
	}
	if (!tap_check(t, !error, "perf: %s", strerror(-error)))
		return;
	error = read_group(&g, &a);
	burn(BURN_S);
	if (!error)
		error = read_group(&g, &b);
	group_close(&g);
	if (!tap_check(t, !error, "perf: %s", strerror(-error)))
		return;
	for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		double percent;

		if (pair[i].a >= count)
			continue;
		percent = percent_of(change(&a, &b, pair[i].a),
					    change(&a, &b, pair[i].b),
					    pair[i].expected);

		tap_note("%s is %.4f %% of the setting", pair[i].name,
			 percent);
		tap_check(t, is_near(percent, TOLERANCE),
			  "%s: off by more than %.1f %%", pair[i].name,
			  TOLERANCE);
	}
}

/* Retired branches, as a raw event: perf itself knows that it is absent. */
void test_unmodelled_event(struct tap *t)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_RAW,
		.size = sizeof(attr),
		.config = 0x00c4,
	};
	struct moment m = { .before = 0 };
	struct group g;
	int error = group_open(&g, &attr, 1, 0, -1);

	if (!tap_check(t, !error, "perf: %s", strerror(-error)))
		return;
	burn(0.01);
	error = read_group(&g, &m);
	group_close(&g);
	tap_check(t, !error, "perf: %s", strerror(-error));
	tap_check(t, m.value[0] == 0, "it counted %llu",
		  (unsigned long long)m.value[0]);
}

static void burn_in_kernel(double seconds)
{
	uint64_t span = (uint64_t)(seconds * (double)tsc_hz());
	uint64_t start = read_tsc();

	while (read_tsc() - start < span) {
		for (int i = 0; i < 50; i++)
			syscall(SYS_getppid);
	}
}

void test_rings(struct tap *t)
{
	struct perf_event_attr attr[3] = {
		hardware_event(PERF_COUNT_HW_CPU_CYCLES),
		hardware_event(PERF_COUNT_HW_CPU_CYCLES),
		hardware_event(PERF_COUNT_HW_CPU_CYCLES),
	};
	void (*const work[2])(double) = { burn, burn_in_kernel };
	double kernel_share[2];
	struct group g;
	int error;

	attr[1].exclude_kernel = 1;
	attr[2].exclude_user = 1;
	pin_to_cpu(0);
	error = group_open(&g, attr, 3, 0, -1);
	if (!tap_check(t, !error, "perf: %s", strerror(-error)))
		return;
	for (int i = 0; i < 2 && !error; i++) {
		struct moment a, b;
		double sum;

		error = read_group(&g, &a);
		work[i](BURN_S);
		if (!error)
			error = read_group(&g, &b);
		if (error)
			break;
		sum = percent_of(change(&a, &b, 1) + change(&a, &b, 2),
				 change(&a, &b, 0), 1);
		kernel_share[i] = percent_of(change(&a, &b, 2),
					     change(&a, &b, 0), 1);
		tap_note("%s: user + kernel is %.3f %%, kernel %.1f %%",
			 i ? "system calls" : "user loop", sum,
			 kernel_share[i]);
		tap_check(t, is_near(sum, TOLERANCE), "they do not add up");
	}
	group_close(&g);
	if (!tap_check(t, !error, "perf: %s", strerror(-error)))
		return;
	/* The user loop is interrupted; on a busy host that can take long. */
	tap_check(t, kernel_share[0] < 50, "the user loop is in the kernel");
	tap_check(t, kernel_share[1] > 30 &&
		  kernel_share[1] > kernel_share[0],
		  "system calls are not in the kernel");
}
