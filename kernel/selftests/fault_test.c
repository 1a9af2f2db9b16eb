// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes each allocation fail, one after the other. Needs CONFIG_FAILSLAB:
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

/* ENOMEM says it all: who opens many files must not fill the log as well. */
TEST_F_TIMEOUT(fault, an_open_without_memory_says_so_to_its_caller_alone, 300)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int nth, fd = -1, refused = 0;
	bool failed;

	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		ASSERT_EQ(0, fail_nth(gettid(), nth));
		fd = krun_open();
		failed = has_failed(gettid());
		if (fd < 0) {
			EXPECT_EQ(-ENOMEM, fd);
			refused++;
			continue;
		}
		close(fd);
		if (!failed)
			break;
	}
	TH_LOG("%d of %d failing allocations refused the file", refused,
	       nth - 1);
	/* At least the file, and the array of the slots' pages. */
	EXPECT_LE(2, refused);
	EXPECT_LE(0, fd);
	EXPECT_FALSE(has_trace(log));
	close(log);
}

TEST_F_TIMEOUT(fault, a_plan_without_memory_takes_nothing, 300)
{
	int nth, err, refused = 0;
	bool failed;

	for (nth = 1; nth < MOST_ALLOCATIONS; nth++) {
		ASSERT_EQ(0, fail_nth(gettid(), nth));
		err = krun_plan_all(self->fd, ALL_COUNTERS,
				    KRUN_SAMPLE_IDLE_SNAPSHOT);
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
	}
	TH_LOG("%d of %d failing allocations refused the plan", refused,
	       nth - 1);
	/* At least the plan itself, its mask, and an event. */
	EXPECT_LE(3, refused);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, krun_sample(self->fd, 0));
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
	int victim = self->cpus - 1;
	struct reading reading;
	struct krun_slot before;

	ASSERT_NE(NULL, slots);
	slot = &slots[victim];
	if (!victim || set_cpu_online(victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, krun_configure(self->cpus));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = *slot;
	ASSERT_EQ(0, bring_online_without_counters(self->fd, slot));
	/* Nothing that could be mistaken for a value. */
	EXPECT_EQ(victim, slot->cpu);
	EXPECT_EQ(0, slot->cycles);
	EXPECT_EQ(0, slot->aperf);
	EXPECT_EQ(KRUN_STATUS_OK, slots[0].status);
	EXPECT_EQ(-EBUSY, krun_read(self->cpus, false, &reading));
	EXPECT_EQ(0, krun_read(victim, false, &reading));
	/* The next plan gets them, for all users. */
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	EXPECT_LE(before.cycles, slot->cycles);
	EXPECT_EQ(0, krun_read(self->cpus, false, &reading));
}

TEST_HARNESS_MAIN
