// SPDX-License-Identifier: GPL-2.0-only
/* Other users of the PMU keep working, and get their counters. */
#include "krun_device.h"
#include "kselftest_harness.h"

#define NMI_WATCHDOG "/proc/sys/kernel/nmi_watchdog"

/* Krun's readings enclose perf's, so perf must lie between their differences. */
TEST(perf_cycles_keep_counting)
{
	struct reading outer[2], inner[2];
	uint64_t perf[2], most, least;
	const uint64_t rounding = 100;
	int fd;

	ASSERT_EQ(0, pin_to(0));
	fd = open_cycles_event(0, false);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, count_cpus(online_cpus()));
	ASSERT_EQ(0, read_cpus(1, &outer[0]));
	ASSERT_TRUE(event_counts(fd, &perf[0]));
	ASSERT_EQ(0, read_cpus(1, &inner[0]));
	spin_ms(300);
	ASSERT_EQ(0, read_cpus(1, &inner[1]));
	ASSERT_TRUE(event_counts(fd, &perf[1]));
	ASSERT_EQ(0, read_cpus(1, &outer[1]));
	least = inner[1].cycles[0] - inner[0].cycles[0];
	most = outer[1].cycles[0] - outer[0].cycles[0];
	EXPECT_LT(0, least);
	EXPECT_LE(least, perf[1] - perf[0] + rounding);
	EXPECT_GE(most + rounding, perf[1] - perf[0]);
	close(fd);
}

TEST(nmi_watchdog_stays_armed)
{
	struct reading reading;

	if (read_number(NMI_WATCHDOG) < 0)
		SKIP(return, "kernel without a hard-lockup detector");
	ASSERT_EQ(0, write_text(NMI_WATCHDOG, "1"));
	ASSERT_EQ(1, read_number(NMI_WATCHDOG));
	ASSERT_EQ(0, count_cpus(online_cpus()));
	ASSERT_EQ(0, read_cpus(online_cpus(), &reading));
	EXPECT_EQ(1, read_number(NMI_WATCHDOG));
	/* It can still be turned off and on again. */
	ASSERT_EQ(0, write_text(NMI_WATCHDOG, "0"));
	EXPECT_EQ(0, read_cpus(online_cpus(), &reading));
	ASSERT_EQ(0, write_text(NMI_WATCHDOG, "1"));
	EXPECT_EQ(1, read_number(NMI_WATCHDOG));
	EXPECT_EQ(0, read_cpus(online_cpus(), &reading));
}

TEST(all_counters_taken_is_ebusy)
{
	struct reading reading;
	int fds[MAX_EVENTS];
	int taken = take_cycles_counters(0, fds);

	ASSERT_LT(0, taken);
	ASSERT_GT(MAX_EVENTS, taken);
	EXPECT_EQ(-EBUSY, count_cpus(1));
	EXPECT_EQ(-EBUSY, count_cpus(online_cpus()));
	EXPECT_EQ(-ENODATA, read_cpus(1, &reading));
	give_back(fds, taken);
	EXPECT_EQ(0, count_cpus(online_cpus()));
	EXPECT_EQ(0, read_cpus(online_cpus(), &reading));
}

/* CPU 0 is free, a later one is not: nothing may remain taken. */
TEST(a_failure_takes_nothing)
{
	int fds[MAX_EVENTS], taken, last = online_cpus() - 1;
	int free_before = free_counters();

	if (!last)
		SKIP(return, "one CPU only");
	taken = take_cycles_counters(last, fds);
	ASSERT_LT(0, taken);
	EXPECT_EQ(-EBUSY, count_cpus(last + 1));
	EXPECT_EQ(free_before, free_counters());
	give_back(fds, taken);
}

/* Core cycles are what APERF counts, whichever counter counts them. */
static double cycles_per_aperf(const struct reading *before,
			       const struct reading *after)
{
	return (double)(after->cycles[0] - before->cycles[0]) /
	       (after->aperf[0] - before->aperf[0]);
}

/* With a threshold (CMASK 1), which no fixed counter can have. */
static int take_general_counters(int *fds)
{
	return take_counters(PERF_TYPE_RAW, 0x0100003c, 0, fds);
}

/*
 * While another event has the fixed counter for core cycles, ours uses a
 * general one. When the fixed one is free again and all general ones are
 * needed, perf moves ours.
 */
TEST(a_counter_that_perf_moves_stays_right)
{
	int fds[MAX_EVENTS], others, without_fixed, watchdog;
	struct reading reading[4];
	uint64_t value;

	watchdog = read_number(NMI_WATCHDOG);
	if (watchdog > 0)
		ASSERT_EQ(0, write_text(NMI_WATCHDOG, "0"));
	ASSERT_EQ(0, pin_to(0));
	others = open_cycles_event(0, true);
	ASSERT_TRUE(event_counts(others, &value));
	ASSERT_EQ(0, count_cpus(1));
	without_fixed = take_general_counters(fds);
	give_back(fds, without_fixed);
	close(others);
	ASSERT_EQ(0, read_cpus(1, &reading[0]));
	spin_ms(50);
	ASSERT_EQ(0, read_cpus(1, &reading[1]));
	/* One more: ours has left its general counter. */
	ASSERT_EQ(without_fixed + 1, take_general_counters(fds));
	spin_ms(50);
	ASSERT_EQ(0, read_cpus(1, &reading[2]));
	give_back(fds, without_fixed + 1);
	spin_ms(50);
	ASSERT_EQ(0, read_cpus(1, &reading[3]));
	EXPECT_LT(0.95, cycles_per_aperf(&reading[0], &reading[1]));
	EXPECT_GT(1.05, cycles_per_aperf(&reading[0], &reading[1]));
	EXPECT_LT(0.95, cycles_per_aperf(&reading[1], &reading[2]));
	EXPECT_GT(1.05, cycles_per_aperf(&reading[1], &reading[2]));
	EXPECT_LT(0.95, cycles_per_aperf(&reading[2], &reading[3]));
	EXPECT_GT(1.05, cycles_per_aperf(&reading[2], &reading[3]));
	if (watchdog > 0)
		EXPECT_EQ(0, write_text(NMI_WATCHDOG, "1"));
}

/* A child that has configured every CPU and waits to be killed; 0 if not. */
static pid_t start_holder(void)
{
	int ready[2];
	char byte = 'n';
	pid_t child;

	if (pipe(ready))
		return 0;
	child = fork();
	if (!child) {
		krun_counted = -1;
		byte = count_cpus(online_cpus()) ? 'n' : 'y';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		byte = 'n';
	close(ready[0]);
	close(ready[1]);
	return byte == 'y' ? child : 0;
}

static bool kill_holder(pid_t child)
{
	int status;

	return !kill(child, SIGKILL) && waitpid(child, &status, 0) == child &&
	       WIFSIGNALED(status);
}

TEST(killed_process_frees_its_counters)
{
	int free_before = free_counters();
	pid_t child = start_holder();

	ASSERT_LT(0, child);
	EXPECT_EQ(free_before - 1, free_counters());
	ASSERT_TRUE(kill_holder(child));
	EXPECT_EQ(free_before, free_counters());
}

TEST(two_processes_share_one_counter)
{
	int free_before = free_counters();
	pid_t child;

	ASSERT_EQ(0, count_cpus(1));
	child = start_holder();
	ASSERT_LT(0, child);
	EXPECT_EQ(free_before - 1, free_counters());
	ASSERT_TRUE(kill_holder(child));
	/* Ours is still in use. */
	EXPECT_EQ(free_before - 1, free_counters());
}

TEST(a_file_and_the_older_calls_share_one_counter)
{
	int free_before = free_counters(), fd = krun_open();
	const struct krun_slot *slots = krun_map(fd);
	struct reading before, after;

	if (!krun_has_calls())
		SKIP(return, "a module has no system calls");
	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, krun_configure(1));
	ASSERT_EQ(0, krun_plan_mask(fd, 1, THREE_COUNTERS, 0));
	EXPECT_EQ(free_before - 1, free_counters());
	ASSERT_EQ(0, krun_read(1, false, &before));
	ASSERT_EQ(0, krun_sample(fd, 0));
	ASSERT_EQ(0, krun_read(1, false, &after));
	EXPECT_LT(before.cycles[0], slots[0].cycles);
	EXPECT_GT(after.cycles[0], slots[0].cycles);
	close(fd);
}

TEST_HARNESS_MAIN
