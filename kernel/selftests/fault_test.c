// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes each allocation fail, one after the other. Needs CONFIG_FAILSLAB,
 * Documentation/fault-injection.
 */
#include "krun_device.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"

/* More allocations than any of these calls makes. */
#define MOST_ALLOCATIONS 500

/* Make the @nth allocation of thread @tid from now on fail, once; 0: none. */
static int fail_nth(int tid, int nth)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", tid, tid);
	snprintf(text, sizeof(text), "%d", nth);
	return write_text(path, text);
}

/* Return: whether that allocation happened; none fails any more. */
static bool has_failed(int tid)
{
	char path[64];
	bool failed;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", tid, tid);
	failed = !read_number(path);
	fail_nth(tid, 0);
	return failed;
}

/* The kernel's thread that brings a CPU online and offline, or -1. */
static int hotplug_thread(int cpu)
{
	char wanted[32], path[64], name[32];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int tid = -1;

	if (!proc)
		return -1;
	snprintf(wanted, sizeof(wanted), "cpuhp/%d\n", cpu);
	while (tid < 0 && (entry = readdir(proc))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%.16s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strcmp(name, wanted))
			tid = atoi(entry->d_name);
		fclose(file);
	}
	closedir(proc);
	return tid;
}

FIXTURE(fault)
{
	int fd;
	int cpus;
	int free_before;
};

FIXTURE_SETUP(fault)
{
	/* Include allocations that may sleep; no stack traces. */
	if (write_text(FAILSLAB "ignore-gfp-wait", "N") ||
	    write_text(FAILSLAB "verbose", "0"))
		SKIP(return, "kernel without CONFIG_FAILSLAB and debugfs");
	self->cpus = online_cpus();
	self->free_before = free_counters();
	ASSERT_LT(0, self->free_before);
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd);
}

/* Whether the kernel's log has a stack trace since @log was opened. */
static bool has_trace(int log)
{
	char record[8192];
	ssize_t size;

	do {
		size = read(log, record, sizeof(record) - 1);
		if (size > 0) {
			record[size] = '\0';
			if (strstr(record, "Call Trace"))
				return true;
		}
	} while (size > 0 || (size < 0 && errno == EPIPE));
	return false;
}

/*
 * Open @path, each time with another failing allocation, until none fails.
 * Return: how many refused the file with ENOMEM; -1 if anything else happened.
 */
static int refused_opens(const char *path)
{
	int nth, refused = 0;

	for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		bool failed;
		int fd;

		if (fail_nth(gettid(), nth))
			return -1;
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0 && errno != ENOMEM)
			return -1;
		failed = has_failed(gettid());
		if (fd >= 0)
			close(fd);
		else
			refused++;
		if (!failed)
			return fd < 0 ? -1 : refused;
	}
	return -1;
}

/* ENOMEM says it all: who opens many files must not fill the log as well. */
TEST_F_TIMEOUT(fault, an_open_without_memory_says_so_to_its_caller_alone, 300)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int any, ours;

	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	any = refused_opens("/dev/null");
	ours = refused_opens("/dev/krun");
	TH_LOG("%d failing allocations refused the file, any file %d", ours,
	       any);
	ASSERT_LE(0, any);
	/* The file's own, the slots' area, and the array of their pages. */
	EXPECT_LE(any + 3, ours);
	EXPECT_FALSE(has_trace(log));
	close(log);
}

/* The plans that allocate: each with more than the one before it. */
static struct krun_plan plan_with(int what)
{
	struct krun_plan plan = krun_plan_of(ALL_COUNTERS,
					     KRUN_SAMPLE_IDLE_SNAPSHOT);
	if (what > 0)
		plan.flags |= KRUN_PLAN_SHIELD;
	if (what > 1) {
		plan.counters |= KRUN_COUNTER_EVENT(0) | KRUN_COUNTER_EVENT(3);
		plan.events[0].config = PERF_COUNT_HW_INSTRUCTIONS;
	}
	return plan;
}

/* 1 or 0: whether @cpu is shielded from other files. -1: it cannot be said. */
static int shielded(int cpu)
{
	int other = krun_open();
	const struct krun_slot *slots = krun_map(other);
	int result = -1;

	if (slots && !krun_plan_mask(other, 1ULL << cpu, KRUN_COUNTER_APERF, 0) &&
	    krun_sample(other, 0) >= 0)
		result = slots[cpu].status == KRUN_STATUS_SHIELDED;
	munmap((void *)slots, krun_slots_size());
	close(other);
	return result;
}

TEST_F_TIMEOUT(fault, a_plan_without_memory_takes_nothing, 600)
{
	int what, nth, err = 0, refused, more = 0;
	struct krun_plan plan;
	bool failed;

	for (what = 0; what < 3; what++) {
		plan = plan_with(what);
		refused = 0;
		for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
			ASSERT_EQ(0, fail_nth(gettid(), nth));
			err = krun_set_plan(self->fd, &plan);
			failed = has_failed(gettid());
			if (!failed)
				break;
			if (!err) { /* the kernel could do without */
				close(self->fd);
				self->fd = krun_open();
				ASSERT_LE(0, self->fd);
				continue;
			}
			refused++;
			ASSERT_EQ(-ENOMEM, err);
			EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
			EXPECT_EQ(self->free_before, free_counters());
			EXPECT_EQ(0, shielded(self->cpus - 1));
		}
		TH_LOG("plan %d: %d of %d failing allocations refused it", what,
		       refused, nth - 1);
		/* At least the plan itself, its mask, and an event. */
		EXPECT_LE(3, refused);
		EXPECT_EQ(0, err);
		EXPECT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(what > 0, shielded(self->cpus - 1));
		/* Two events of its own on each CPU, and the array of them. */
		if (what > 1)
			EXPECT_LE(more + 2 * self->cpus + 1, refused);
		more = refused;
		close(self->fd);
		self->fd = krun_open();
		ASSERT_LE(0, self->fd);
	}
}

/* The earlier plan goes on, with all that it has. */
TEST_F_TIMEOUT(fault, a_plan_without_memory_leaves_the_one_before, 300)
{
	const struct krun_slot *slots = krun_map(self->fd);
	struct krun_plan plan = plan_with(1), next = plan_with(2);
	uint32_t epoch;
	int nth, err = -1, refused = 0;

	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	epoch = slots[0].epoch;
	for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		ASSERT_EQ(0, fail_nth(gettid(), nth));
		err = krun_set_plan(self->fd, &next);
		if (!has_failed(gettid()))
			break;
		if (!err) { /* back to the plan before */
			ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
			ASSERT_EQ(0, krun_sample(self->fd, 0));
			epoch = slots[0].epoch;
			continue;
		}
		refused++;
		ASSERT_EQ(-ENOMEM, err);
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(KRUN_STATUS_OK, slots[0].status);
		EXPECT_EQ(plan.counters, slots[0].valid);
		EXPECT_EQ(epoch, slots[0].epoch);
		EXPECT_EQ(1, shielded(self->cpus - 1));
	}
	EXPECT_LE(3, refused);
	EXPECT_EQ(0, err);
	EXPECT_GT(MOST_ALLOCATIONS, nth);
}

static int failing_allocation;

/* The outcome in a process without any configuration. */
enum outcome { NOTHING_FAILED, DID_WITHOUT, REFUSED, WRONG };

static int configure_with_fault(void)
{
	struct reading reading;
	int err;

	if (fail_nth(getpid(), failing_allocation))
		return WRONG;
	err = krun_configure(online_cpus());
	if (!has_failed(getpid()))
		return err ? WRONG : NOTHING_FAILED;
	if (!err)
		return krun_read(1, false, &reading) ? WRONG : DID_WITHOUT;
	if (err != -ENOMEM || krun_read(1, false, &reading) != -ENODATA)
		return WRONG;
	/* The next call works as if nothing had happened. */
	return krun_configure(1) ? WRONG : REFUSED;
}

TEST_F_TIMEOUT(fault, a_configuration_without_memory_takes_nothing, 300)
{
	int outcome = REFUSED, refused = 0, nth;

	if (!krun_has_calls())
		SKIP(return, "a module has no system calls");
	for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		failing_allocation = nth;
		outcome = in_child(configure_with_fault);
		if (outcome == NOTHING_FAILED)
			break;
		ASSERT_GT(WRONG, outcome);
		refused += outcome == REFUSED;
		EXPECT_EQ(self->free_before, free_counters());
	}
	TH_LOG("%d of %d failing allocations refused the configuration",
	       refused, nth - 1);
	EXPECT_EQ(NOTHING_FAILED, outcome);
	/* At least the process's state, its buffer, and an event. */
	EXPECT_LE(3, refused);
}

/*
 * Bring a CPU online that does not get its counters. Return: -ENODATA if that did
 * not happen.
 */
static int bring_online_without_counters(int fd, const struct krun_slot *slot)
{
	int tid = hotplug_thread(slot->cpu), nth;

	for (nth = 1; tid > 0 && nth < MOST_ALLOCATIONS; nth++) {
		int failed_at_all;

		if (set_cpu_online(slot->cpu, false) || fail_nth(tid, nth))
			return -EIO;
		/* The failed allocation may keep it offline. */
		set_cpu_online(slot->cpu, true);
		failed_at_all = has_failed(tid);
		if (krun_sample(fd, 0))
			return -EIO;
		if (slot->status == KRUN_STATUS_BUSY)
			return 0;
		if (!failed_at_all)
			break;
	}
	return -ENODATA;
}

TEST_F_TIMEOUT(fault, a_cpu_that_comes_online_without_counters_is_busy, 300)
{
	const struct krun_slot *slots = krun_map(self->fd), *slot;
	int victim = self->cpus - 1, other = krun_open();
	const struct krun_slot *of_other = krun_map(other);
	struct reading reading;
	uint32_t epoch;
	struct krun_slot before;

	ASSERT_NE(NULL, slots);
	ASSERT_NE(NULL, of_other);
	slot = &slots[victim];
	if (!victim || set_cpu_online(victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, count_cpus(self->cpus));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_plan_all(other, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = *slot;
	ASSERT_EQ(0, bring_online_without_counters(self->fd, slot));
	/* Nothing that could be mistaken for a value. */
	EXPECT_EQ(victim, slot->cpu);
	EXPECT_EQ(0, slot->cycles);
	EXPECT_EQ(0, slot->aperf);
	EXPECT_EQ(KRUN_STATUS_OK, slots[0].status);
	EXPECT_EQ(-EBUSY, read_cpus(self->cpus, &reading));
	if (krun_has_calls())
		EXPECT_EQ(0, krun_read(victim, false, &reading));
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_BUSY, of_other[victim].status);
	epoch = of_other[victim].epoch;
	/* The next plan gets them, for all users, who see that they were lost. */
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	EXPECT_LE(before.cycles, slot->cycles);
	EXPECT_EQ(0, read_cpus(self->cpus, &reading));
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_OK, of_other[victim].status);
	EXPECT_NE(epoch, of_other[victim].epoch);
	close(other);
}

TEST_HARNESS_MAIN
