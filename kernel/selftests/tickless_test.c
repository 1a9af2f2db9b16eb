// SPDX-License-Identifier: GPL-2.0-only
/*
 * A busy adaptive-tick CPU is not interrupted, and tasks that need the interrupts
 * still get them.
 */
#include "krun_device.h"
#include <sys/uio.h>
#include "kselftest_harness.h"

#define SETTLE_MS 2000
#define WATCH_SECONDS 10
/* Some periods of the deadline server, which are a second each. */
#define STARVE_MS 9000
/* As much as a system call transfers, to little memory. */
#define PIECES 1024
#define PIECE_SIZE (2l << 20)
/* What a grace period may take beside a CPU that does not leave the kernel. */
#define GRACE_MS 2000
#define MAPPED_PAGES 16384l
/* What the selftest itself uses or gives back meanwhile. */
#define OTHER_PAGES 2000
/* Each CPU keeps at most 125 to itself. */
#define UNFOLDED_PAGES (OTHER_PAGES + 125 * online_cpus())

#define MOST_ROWS 256

/* What one CPU has taken so far: a row of /proc/interrupts each, and the sum. */
struct interrupts {
	char names[MOST_ROWS][16];
	long counts[MOST_ROWS];
	int rows;
	long sum;	/* -1 when /proc/interrupts is odd */
};

/* The number in the column of @cpu; rows of the whole machine have fewer columns. */
static long count_in_row(char *row, int cpu, int cpus)
{
	long count = 0;
	char *field, *end;
	int i;

	for (i = 0; i < cpus; i++) {
		field = strtok(i ? NULL : row, "\n ");
		if (!field)
			return -1;
		if (i == cpu)
			count = strtol(field, &end, 10);
	}
	return count;
}

/* All CPUs are online: the heading has one column for each. */
static void read_interrupts(int cpu, struct interrupts *found)
{
	FILE *file = fopen("/proc/interrupts", "re");
	int cpus = online_cpus();
	char line[8192], *colon;
	long count;

	found->rows = 0;
	found->sum = -1;
	if (!file)
		return;
	if (fgets(line, sizeof(line), file))
		found->sum = 0;
	while (found->rows < MOST_ROWS && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		count = count_in_row(colon + 1, cpu, cpus);
		if (count < 0)
			continue;
		snprintf(found->names[found->rows], 16, "%.15s",
			 line + strspn(line, " "));
		found->counts[found->rows++] = count;
		found->sum += count;
	}
	fclose(file);
}

/* How often something else took the CPU of @task; -1 when that is not known. */
static long preemptions(pid_t task)
{
	char path[64], line[256];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", task);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &count) == 1)
			break;
	fclose(file);
	return count;
}

/* The last CPU that is online, when it is an adaptive-tick one. */
static int adaptive_tick_cpu(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/nohz_full", "re");
	int cpu = online_cpus() - 1, first = 0, last = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d-%d", &first, &last) == 1)
		last = first;
	fclose(file);
	return cpu > 0 && cpu >= first && cpu <= last ? cpu : -1;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec time = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000l,
	};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

/* A child that computes on @cpu and never enters the kernel. */
static pid_t start_busy(int cpu, int policy)
{
	struct sched_param param = { .sched_priority = policy ? 1 : 0 };
	pid_t child = fork();

	if (child)
		return child;
	if (pin_to(cpu) || sched_setscheduler(0, policy, &param))
		_exit(1);
	for (;;)
		asm volatile("" ::: "memory");
}

/* End a child. Return: its CPU time in milliseconds; -1 if it failed. */
static long end_busy(pid_t child)
{
	struct rusage usage;
	int status;

	kill(child, SIGKILL);
	if (wait4(child, &status, 0, &usage) != child || !WIFSIGNALED(status))
		return -1;
	return usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
	       usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
}

/*
 * A child that stays in the kernel on @cpu for as long as it can, and again, and
 * notes in @longest for how many milliseconds.
 */
static pid_t start_in_kernel(int cpu, long *longest)
{
	static struct iovec pieces[PIECES];
	pid_t child = fork();
	uint64_t begin;
	void *memory;
	long took;
	int i, fd;

	if (child)
		return child;
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	memory = mmap(NULL, PIECE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (fd < 0 || memory == MAP_FAILED || pin_to(cpu))
		_exit(1);
	for (i = 0; i < PIECES; i++) {
		pieces[i].iov_base = memory;
		pieces[i].iov_len = PIECE_SIZE;
	}
	for (;;) {
		begin = now_ms();
		if (readv(fd, pieces, PIECES) < 0)
			_exit(1);
		took = now_ms() - begin;
		if (took > *longest)
			*longest = took;
	}
}

/* A child that uses @pages on @cpu, and then computes. */
static pid_t start_with_pages(int cpu, long pages)
{
	long size = pages * 4096;
	pid_t child = fork();
	char *memory;
	long at;

	if (child)
		return child;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || pin_to(cpu))
		_exit(1);
	for (at = 0; at < size; at += 4096)
		memory[at] = 1;
	for (;;)
		asm volatile("" ::: "memory");
}

/* In /proc/vmstat; -1 if it is not there. */
static long vm_counter(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "re");
	char row[64];
	long count, found = -1;

	if (!file)
		return -1;
	while (fscanf(file, "%63s %ld", row, &count) == 2)
		if (!strcmp(row, name))
			found = count;
	fclose(file);
	return found;
}

FIXTURE(tickless)
{
	int cpu;
};

FIXTURE_SETUP(tickless)
{
	self->cpu = adaptive_tick_cpu();
	if (self->cpu < 0)
		SKIP(return, "no adaptive-tick CPU");
	ASSERT_EQ(0, pin_to(0));
}

FIXTURE_TEARDOWN(tickless)
{
}

/* Of any kind, and no other task more often. */
TEST_F_TIMEOUT(tickless, busy_cpu_sees_at_most_one_interrupt_a_second, 90)
{
	static struct interrupts before, after;
	long preempted, preempted_before;
	pid_t busy;
	int i;

	busy = start_busy(self->cpu, SCHED_OTHER);
	ASSERT_LT(0, busy);
	sleep_ms(SETTLE_MS);
	read_interrupts(self->cpu, &before);
	preempted_before = preemptions(busy);
	sleep_ms(WATCH_SECONDS * 1000);
	read_interrupts(self->cpu, &after);
	preempted = preemptions(busy);
	/* It was really busy; otherwise nothing is proved. */
	EXPECT_LT(WATCH_SECONDS * 500, end_busy(busy));
	ASSERT_LT(0, before.sum);
	ASSERT_EQ(before.rows, after.rows);
	for (i = 0; i < after.rows; i++)
		if (after.counts[i] != before.counts[i])
			TH_LOG("%s: %ld", after.names[i],
			       after.counts[i] - before.counts[i]);
	/* Before 4.17 there is a tick of 1 Hz left, and it is not always alone. */
	EXPECT_GE(kernel_is_before(4, 17) ? 2 * WATCH_SECONDS : WATCH_SECONDS,
		  after.sum - before.sum);
	ASSERT_LE(0, preempted_before);
	EXPECT_GE(WATCH_SECONDS, preempted - preempted_before);
}

TEST_F_TIMEOUT(tickless, counter_keeps_counting_without_ticks, 90)
{
	struct reading first, second;
	pid_t busy;

	ASSERT_EQ(0, count_cpus(self->cpu + 1));
	busy = start_busy(self->cpu, SCHED_OTHER);
	ASSERT_LT(0, busy);
	sleep_ms(SETTLE_MS);
	EXPECT_EQ(0, read_cpus(self->cpu + 1, &first));
	sleep_ms(1000);
	EXPECT_EQ(0, read_cpus(self->cpu + 1, &second));
	EXPECT_LT(0, end_busy(busy));
	EXPECT_LT(first.aperf[self->cpu], second.aperf[self->cpu]);
	EXPECT_LT(first.cycles[self->cpu], second.cycles[self->cpu]);
}

TEST_F_TIMEOUT(tickless, realtime_task_does_not_starve_a_fair_one, 90)
{
	pid_t fair, realtime;
	long had;

	if (kernel_is_before(5, 10))
		SKIP(return, "a real-time task may take other CPUs' share, too");
	fair = start_busy(self->cpu, SCHED_OTHER);
	ASSERT_LT(0, fair);
	sleep_ms(100);
	realtime = start_busy(self->cpu, SCHED_FIFO);
	if (realtime > 0)
		sleep_ms(STARVE_MS);
	had = end_busy(fair);
	EXPECT_LT(STARVE_MS / 2, realtime > 0 ? end_busy(realtime) : -1);
	/* Nominally 5 %; at least half of that, plus what it had before. */
	EXPECT_LT(100 + STARVE_MS / 40, had);
}

/*
 * RCU waits for such a CPU to leave the kernel, but not for as long as it likes. It
 * interrupts the CPU in kernels that preempt; others ask in cond_resched().
 */
TEST_F_TIMEOUT(tickless, grace_periods_end_beside_a_task_in_the_kernel, 120)
{
	struct krun_plan plan = krun_plan_of(KRUN_COUNTER_APERF, 0);
	long took, worst = 0;
	uint64_t begin = 0;
	long *longest;
	int fd, i;
	pid_t busy;

	/* Seen of 4.14 and 4.19, whose RCU has no hook of ours. */
	if (!kernel_is_before(4, 10) && kernel_is_before(5, 0))
		SKIP(return, "RCU waits for as long as the task stays in the kernel");
	longest = mmap(NULL, sizeof(*longest), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, longest);
	fd = krun_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, krun_set_plan(fd, &plan));
	busy = start_in_kernel(self->cpu, longest);
	ASSERT_LT(0, busy);
	sleep_ms(SETTLE_MS);
	/* A plan that replaces another waits for a grace period. */
	for (i = 0; i < 10; i++) {
		begin = now_ms();
		EXPECT_EQ(0, krun_set_plan(fd, &plan));
		took = now_ms() - begin;
		if (took > worst)
			worst = took;
	}
	while (*longest < 2 * GRACE_MS && now_ms() - begin < 60000)
		sleep_ms(100);
	ASSERT_LT(0, end_busy(busy));
	close(fd);
	TH_LOG("in the kernel for %ld ms, grace periods of up to %ld ms",
	       *longest, worst);
	EXPECT_GT(GRACE_MS, worst);
	if (*longest < 2 * GRACE_MS)
		SKIP(return, "cannot stay in the kernel for long enough");
}

static void fold_statistics(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "we");

	if (!file)
		return;
	fputs("1", file);
	fclose(file);
}

/* What such a CPU has not folded in yet is bounded. */
TEST_F_TIMEOUT(tickless, statistics_count_what_a_busy_cpu_does, 60)
{
	long before, grown, exact;
	pid_t busy;

	fold_statistics();
	before = vm_counter("nr_anon_pages");
	ASSERT_LE(0, before);
	busy = start_with_pages(self->cpu, MAPPED_PAGES);
	ASSERT_LT(0, busy);
	sleep_ms(SETTLE_MS);
	grown = vm_counter("nr_anon_pages") - before;
	fold_statistics();
	exact = vm_counter("nr_anon_pages") - before;
	EXPECT_LT(0, end_busy(busy));
	TH_LOG("%ld pages, then %ld", grown, exact);
	EXPECT_LE(MAPPED_PAGES - UNFOLDED_PAGES, grown);
	EXPECT_LE(MAPPED_PAGES - OTHER_PAGES, exact);
}

TEST_HARNESS_MAIN
