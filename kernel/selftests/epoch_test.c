// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which readings can be subtracted: those of one epoch. And which slots are of one
 * sample: those of one number.
 */
#include "krun_device.h"
#include "kselftest_harness.h"

FIXTURE(epoch)
{
	int fd;
	const struct krun_slot *slots;
	int victim;
};

FIXTURE_SETUP(epoch)
{
	self->victim = online_cpus() - 1;
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(epoch)
{
	set_cpu_online(self->victim, true);
	close(self->fd);
}

TEST_F(epoch, samples_have_numbers)
{
	uint32_t sample;
	int cpu, i;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	for (i = 1; i < 10; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		for (cpu = 0; cpu <= self->victim; cpu++)
			EXPECT_EQ(i, self->slots[cpu].sample);
	}
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	EXPECT_EQ(0, self->slots[0].sample);
	EXPECT_EQ(i - 1, self->slots[self->victim].sample);
	/* They go on in the next plan, for all statuses. */
	sample = self->slots[self->victim].sample;
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_SKIP_NOHZ_FULL));
	EXPECT_EQ(0, self->slots[self->victim].sample);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	for (cpu = 0; cpu <= self->victim; cpu++)
		EXPECT_LT(sample, self->slots[cpu].sample);
	EXPECT_EQ(self->slots[0].sample, self->slots[self->victim].sample);
}

TEST_F(epoch, who_holds_a_counter_does_not_notice_other_users)
{
	uint32_t epoch;
	int other, i;

	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	epoch = self->slots[0].epoch;
	EXPECT_LT(0, epoch);
	for (i = 0; i < 5; i++) {
		other = krun_open();
		ASSERT_EQ(0, krun_plan_all(other, ALL_COUNTERS,
					   KRUN_SAMPLE_IDLE_SNAPSHOT));
		ASSERT_EQ(0, krun_sample(other, 0));
		close(other);
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(epoch, self->slots[0].epoch);
	}
}

/* Return: 0, unless it could not do so. */
static int make_perf_reschedule(int cpu, uint64_t end_ms)
{
	int fd;

	if (pin_to(cpu))
		return 1;
	do {
		fd = open_cycles_event(cpu, true);
		if (fd < 0)
			return 2;
		close(fd);
	} while (now_ms() < end_ms);
	return 0;
}

/*
 * To make room for another event perf stops all of a CPU's for a moment. Who asks
 * from another CPU must neither think that ours are lost nor open them anew.
 */
TEST_F_TIMEOUT(epoch, perf_may_reschedule_while_others_plan, 90)
{
	const struct krun_slot *slot = &self->slots[self->victim];
	uint64_t end_ms = now_ms() + 8000;
	int other, plans, status, err = 0;
	uint32_t epoch;
	pid_t child;

	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	epoch = slot->epoch;
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(make_perf_reschedule(self->victim, end_ms));
	other = krun_open();
	for (plans = 0; !err && now_ms() < end_ms; plans++)
		err = krun_plan_mask(other, 1ULL << self->victim,
				     THREE_COUNTERS, 0);
	TH_LOG("%d plans", plans);
	EXPECT_EQ(0, err);
	EXPECT_LT(50, plans);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	close(other);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	EXPECT_EQ(epoch, slot->epoch);
}

/* Between two plans nobody may hold the counter, and events may be others. */
TEST_F(epoch, a_new_plan_begins_a_new_one_for_its_file_alone)
{
	struct krun_plan plan = krun_plan_of(KRUN_COUNTER_EVENT(0), 0);
	int other = krun_open(), i;
	const struct krun_slot *slots = krun_map(other);
	uint32_t epoch, of_other;

	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_plan_all(other, KRUN_COUNTER_MPERF, 0));
	ASSERT_EQ(0, krun_sample(other, 0));
	of_other = slots[0].epoch;
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(of_other, self->slots[0].epoch);
	for (i = 0; i < 5; i++) {
		epoch = self->slots[0].epoch;
		plan.events[0].config = i % 2;
		ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
		EXPECT_EQ(0, self->slots[0].epoch);
		ASSERT_EQ(0, krun_sample(self->fd, i % 2 ? KRUN_SAMPLE_LOCAL : 0));
		EXPECT_NE(epoch, self->slots[0].epoch);
		ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS,
					   KRUN_SAMPLE_IDLE_SNAPSHOT));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		/* A plan that fails is none. */
		epoch = self->slots[0].epoch;
		plan.events[0].type = PERF_TYPE_SOFTWARE;
		ASSERT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
		plan.events[0].type = PERF_TYPE_HARDWARE;
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(epoch, self->slots[0].epoch);
	}
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(of_other, slots[0].epoch);
	close(other);
}

/* Both readings are OK, and nothing else tells that it was away. */
TEST_F_TIMEOUT(epoch, offline_and_online_begin_a_new_one, 90)
{
	const struct krun_slot *slot = &self->slots[self->victim];
	const unsigned int flags[] = { 0, KRUN_SAMPLE_IDLE_SNAPSHOT };
	struct krun_slot before;
	uint32_t of_others, offline;
	size_t i;

	if (!self->victim || set_cpu_online(self->victim, true))
		SKIP(return, "no CPU that can be taken offline");
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, flags[i]));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		before = *slot;
		of_others = self->slots[0].epoch;
		ASSERT_EQ(0, set_cpu_online(self->victim, false));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
		offline = slot->epoch;
		EXPECT_NE(before.epoch, offline);
		ASSERT_EQ(0, set_cpu_online(self->victim, true));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_TRUE(has_values(slot));
		EXPECT_NE(before.epoch, slot->epoch);
		EXPECT_NE(offline, slot->epoch);
		EXPECT_EQ(of_others, self->slots[0].epoch);
	}
}

TEST_F_TIMEOUT(epoch, a_plan_of_msrs_alone_sees_it_too, 90)
{
	const struct krun_slot *slot = &self->slots[self->victim];
	uint32_t before;

	if (!self->victim || set_cpu_online(self->victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_APERF, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = slot->epoch;
	ASSERT_EQ(0, set_cpu_online(self->victim, false));
	ASSERT_EQ(0, set_cpu_online(self->victim, true));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	EXPECT_NE(before, slot->epoch);
}

/* The first CPU is never taken offline, but its counters may restart, too. */
TEST_F_TIMEOUT(epoch, a_suspend_begins_a_new_one_on_all_cpus, 120)
{
	struct krun_slot before[MAX_CPUS];
	struct reading first, second;
	int cpu, cpus = self->victim + 1;

	if (write_text("/sys/power/pm_test", "devices"))
		SKIP(return, "kernel without CONFIG_PM_DEBUG");
	ASSERT_EQ(0, count_cpus(cpus));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	memcpy(before, self->slots, sizeof(*before) * cpus);
	ASSERT_EQ(0, read_cpus(cpus, &first));
	ASSERT_EQ(0, suspend());
	ASSERT_EQ(0, write_text("/sys/power/pm_test", "none"));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	ASSERT_EQ(0, read_cpus(cpus, &second));
	for (cpu = 0; cpu < cpus; cpu++) {
		EXPECT_EQ(KRUN_STATUS_OK, self->slots[cpu].status);
		EXPECT_NE(before[cpu].epoch, self->slots[cpu].epoch);
		EXPECT_LE(before[cpu].cycles, self->slots[cpu].cycles);
		EXPECT_LE(first.aperf[cpu], second.aperf[cpu]);
		EXPECT_LE(first.mperf[cpu], second.mperf[cpu]);
		EXPECT_LE(first.cycles[cpu], second.cycles[cpu]);
	}
}

TEST_HARNESS_MAIN
