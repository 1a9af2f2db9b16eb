// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real suspend to memory, from which the alarm clock wakes the machine: the
 * firmware resets every counter, the time stamp counter, too, and perf does not
 * notice on the first CPU, which is never taken offline.
 */
#include "krun_device.h"
#include "kselftest_harness.h"
#include <pthread.h>

#define ALARM "/sys/class/rtc/rtc0/wakealarm"
/* No counter gets that far in the minutes that a test takes. */
#define IMPLAUSIBLE (1ULL << 44)

FIXTURE(suspend)
{
	int fd;
	int cpus;
	const struct krun_slot *slots;
};

/* Whether the machine can, which the test is not about. */
static bool can_suspend(void)
{
	return text_contains("/sys/power/mem_sleep", "deep") &&
	       !access(ALARM, W_OK);
}

FIXTURE_SETUP(suspend)
{
	if (!can_suspend())
		SKIP(return, "no suspend to memory, or no alarm clock");
	self->cpus = online_cpus();
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(suspend)
{
	close(self->fd);
}

/*
 * An alarm that comes before the machine sleeps ends the attempt, or, on some
 * kernels, is lost: an emulated machine may take seconds to freeze its tasks.
 */
static int suspend_and_wake(void)
{
	int err = 0, tries = 3;

	do {
		err = write_text(ALARM, "0");
		if (!err)
			err = write_text(ALARM, "+8");
		if (!err)
			err = write_text("/sys/power/state", "mem");
	} while (err && --tries);
	return err;
}

/*
 * Ticks of @slot's counters between its readings: what may be between two of them.
 * The host of an emulated machine can stop a CPU there for milliseconds.
 */
static uint64_t uncertainty(const struct krun_slot *before,
			    const struct krun_slot *after)
{
	return 4ULL * (before->span + after->span);
}

TEST_F_TIMEOUT(suspend, every_cpu_begins_a_new_epoch_and_counts_on, 200)
{
	struct krun_slot before[MAX_CPUS], after;
	int cpu, i;

	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		memcpy(before, self->slots, sizeof(*before) * self->cpus);
		ASSERT_EQ(0, suspend_and_wake());
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		for (cpu = 0; cpu < self->cpus; cpu++) {
			EXPECT_EQ(KRUN_STATUS_OK, self->slots[cpu].status);
			EXPECT_EQ(before[cpu].valid, self->slots[cpu].valid);
			EXPECT_NE(before[cpu].epoch, self->slots[cpu].epoch);
			EXPECT_GT(IMPLAUSIBLE, self->slots[cpu].cycles);
			EXPECT_GT(IMPLAUSIBLE, self->slots[cpu].instructions);
		}
		/* Here too, where perf does not open its event anew by itself. */
		memcpy(before, self->slots, sizeof(*before) * self->cpus);
		for (cpu = 0; cpu < self->cpus; cpu++) {
			ASSERT_EQ(0, pin_to(cpu));
			spin_ms(50);
			ASSERT_EQ(cpu, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
			after = self->slots[cpu];
			EXPECT_EQ(before[cpu].epoch, after.epoch);
			EXPECT_LT(before[cpu].tsc, after.tsc);
			EXPECT_NEAR(after.cycles - before[cpu].cycles,
				    after.aperf - before[cpu].aperf,
				    uncertainty(&before[cpu], &after));
			EXPECT_LT(before[cpu].instructions, after.instructions);
		}
		ASSERT_EQ(0, pin_to(0));
	}
}

/* Krun's client stops an experiment when a value is smaller than an earlier one. */
TEST_F_TIMEOUT(suspend, values_of_the_old_calls_never_get_smaller, 200)
{
	struct reading first, second, third;
	int cpu, i;

	if (!krun_has_calls())
		SKIP(return, "a module has no system calls");
	ASSERT_EQ(0, krun_configure(self->cpus));
	/* A baseline that the restarted counters are below. */
	spin_ms(300);
	ASSERT_EQ(0, krun_reset(self->cpus));
	spin_ms(10);
	ASSERT_EQ(0, krun_read(self->cpus, true, &first));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, suspend_and_wake());
		ASSERT_EQ(0, krun_read(self->cpus, true, &second));
		spin_ms(20);
		ASSERT_EQ(0, krun_read(self->cpus, true, &third));
		for (cpu = 0; cpu < self->cpus; cpu++) {
			EXPECT_LE(first.aperf[cpu], second.aperf[cpu]);
			EXPECT_LE(first.mperf[cpu], second.mperf[cpu]);
			EXPECT_LE(first.cycles[cpu], second.cycles[cpu]);
			EXPECT_LT(second.aperf[cpu], third.aperf[cpu]);
			EXPECT_LT(second.mperf[cpu], third.mperf[cpu]);
			EXPECT_LT(second.cycles[cpu], third.cycles[cpu]);
			EXPECT_GT(IMPLAUSIBLE, third.aperf[cpu]);
			EXPECT_GT(IMPLAUSIBLE, third.mperf[cpu]);
			EXPECT_GT(IMPLAUSIBLE, third.cycles[cpu]);
		}
		first = third;
	}
}

TEST_F_TIMEOUT(suspend, events_of_a_plan_count_on, 200)
{
	struct krun_plan plan = krun_plan_of(KRUN_COUNTER_CYCLES |
					     KRUN_COUNTER_EVENT(0), 0);
	struct krun_slot before;

	plan.events[0].config = PERF_COUNT_HW_CPU_CYCLES;
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = self->slots[0];
	ASSERT_EQ(0, suspend_and_wake());
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_NE(before.epoch, self->slots[0].epoch);
	before = self->slots[0];
	EXPECT_EQ(plan.counters, before.valid);
	spin_ms(50);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_NEAR(self->slots[0].events[0] - before.events[0],
		    self->slots[0].cycles - before.cycles,
		    uncertainty(&before, &self->slots[0]));
}

TEST_F_TIMEOUT(suspend, snapshots_and_rendezvous_work_afterwards, 200)
{
	int last = self->cpus - 1, idle = 0, punctual = 0, i;
	uint32_t epoch;

	if (!last)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	epoch = self->slots[last].epoch;
	ASSERT_EQ(0, suspend_and_wake());
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_TRUE(has_values(&self->slots[last]));
		EXPECT_NE(epoch, self->slots[last].epoch);
		idle += self->slots[last].status == KRUN_STATUS_IDLE;
		usleep(20000);
	}
	EXPECT_LT(0, idle);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
		punctual += !(self->slots[0].flags & KRUN_SLOT_LATE);
	}
	EXPECT_LT(0, punctual);
}

struct watcher {
	int fd;
	const struct krun_slot *slots;
	int cpus;
	bool stop;
	long samples, broken;
};

/* Readings of one epoch never go back, whenever they are taken. */
static void *watch(void *argument)
{
	struct watcher *own = argument;
	struct krun_slot last[MAX_CPUS] = { 0 }, slot;
	int cpu;

	while (!__atomic_load_n(&own->stop, __ATOMIC_RELAXED)) {
		if (krun_sample(own->fd, 0) < 0) {
			own->broken++;
			continue;
		}
		own->samples++;
		for (cpu = 0; cpu < own->cpus; cpu++) {
			slot = own->slots[cpu];
			if (slot.status != KRUN_STATUS_OK)
				continue;
			if (slot.epoch == last[cpu].epoch &&
			    (slot.aperf < last[cpu].aperf ||
			     slot.mperf < last[cpu].mperf ||
			     slot.cycles < last[cpu].cycles ||
			     slot.tsc < last[cpu].tsc))
				own->broken++;
			last[cpu] = slot;
		}
	}
	return NULL;
}

/* Until user space is frozen and as soon as it is thawed. */
TEST_F_TIMEOUT(suspend, samplers_meanwhile_see_whole_epochs, 200)
{
	struct watcher watcher = {
		.fd = self->fd,
		.slots = self->slots,
		.cpus = self->cpus,
	};
	pthread_t thread;
	int i;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch, &watcher));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, suspend_and_wake());
	__atomic_store_n(&watcher.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(0, watcher.samples);
	EXPECT_EQ(0, watcher.broken);
}

TEST_HARNESS_MAIN
