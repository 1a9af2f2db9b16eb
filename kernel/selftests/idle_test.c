// SPDX-License-Identifier: GPL-2.0-only
/* KRUN_SAMPLE_IDLE_SNAPSHOT: idle CPUs are sampled without being woken. */
#include "krun_device.h"
#include <pthread.h>
#include "kselftest_harness.h"

#define SAMPLES 100
/*
 * In ticks of each counter: far more than a CPU executes after its snapshot, up
 * to the halt and in the interrupt that ends it, and far less than it would count
 * if it were awake. The counters of an emulated CPU also run while the host has
 * taken it away, so only the smallest of many differences means anything. The
 * benchmark sample_cost has the exact difference.
 */
#define BOUND 1000000

FIXTURE(idle)
{
	int fd;
	const struct krun_slot *slots;
	int cpus;
};

FIXTURE_SETUP(idle)
{
	self->cpus = online_cpus();
	if (self->cpus < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(idle)
{
	close(self->fd);
}

static void rest(unsigned int ms)
{
	usleep(ms * 1000);
}

/* Every CPU has been woken, and has gone to sleep again. */
static bool all_have_snapshots(int fd)
{
	if (krun_sample(fd, 0) < 0)
		return false;
	rest(50);
	return true;
}

TEST_F_TIMEOUT(idle, idle_cpus_are_not_woken, 120)
{
	int cpu, i, idle = 0, samples = 0;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_TRUE(all_have_snapshots(self->fd));
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		for (cpu = 1; cpu < self->cpus; cpu++) {
			struct krun_slot slot = self->slots[cpu];

			ASSERT_EQ(cpu, slot.cpu);
			ASSERT_TRUE(has_values(&slot));
			ASSERT_LT(slot.tsc, tsc_after(&slot));
			ASSERT_LT(0, slot.aperf);
			ASSERT_LT(0, slot.mperf);
			ASSERT_EQ(0, slot.instructions);
			idle += slot.status == KRUN_STATUS_IDLE;
			samples++;
		}
		/* The caller is not idle. */
		ASSERT_EQ(KRUN_STATUS_OK, self->slots[0].status);
	}
	EXPECT_LT(samples * 9 / 10, idle);
}

static uint64_t least(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/*
 * A CPU that has just been woken for a sample has not left idle yet: a window of
 * a few hundred instructions, so this takes many tries.
 */
TEST_F_TIMEOUT(idle, a_snapshot_is_never_older_than_a_reading_before_it, 120)
{
	uint64_t end = now_ms() + 10000;
	int cpu, waking = krun_open();
	const struct krun_slot *woken = krun_map(waking);

	ASSERT_NE(NULL, woken);
	ASSERT_EQ(0, krun_plan_all(waking, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_TRUE(all_have_snapshots(self->fd));
	while (now_ms() < end) {
		ASSERT_EQ(0, krun_sample(waking, 0));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		for (cpu = 1; cpu < self->cpus; cpu++) {
			ASSERT_TRUE(has_values(&self->slots[cpu]));
			ASSERT_LT(tsc_after(&woken[cpu]),
				  self->slots[cpu].tsc);
			ASSERT_LT(woken[cpu].aperf, self->slots[cpu].aperf);
			ASSERT_LT(woken[cpu].mperf, self->slots[cpu].mperf);
			ASSERT_LT(woken[cpu].cycles, self->slots[cpu].cycles);
		}
		/* Time to go idle again. */
		spin_us(50);
	}
	close(waking);
}

TEST_F_TIMEOUT(idle, a_snapshot_is_what_waking_the_cpu_would_have_read, 120)
{
	uint64_t aperf = ~0ULL, mperf = ~0ULL, cycles = ~0ULL;
	int cpu, i, compared = 0, waking = krun_open();
	const struct krun_slot *woken = krun_map(waking);

	ASSERT_NE(NULL, woken);
	ASSERT_EQ(0, krun_plan_all(waking, ALL_COUNTERS, 0));
	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	for (i = 0; i < SAMPLES / 4; i++) {
		ASSERT_TRUE(all_have_snapshots(self->fd));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		ASSERT_EQ(0, krun_sample(waking, 0));
		for (cpu = 1; cpu < self->cpus; cpu++) {
			struct krun_slot slot = self->slots[cpu];

			if (slot.status != KRUN_STATUS_IDLE)
				continue;
			compared++;
			ASSERT_EQ(KRUN_STATUS_OK, woken[cpu].status);
			ASSERT_LE(tsc_after(&slot), woken[cpu].tsc);
			ASSERT_LE(slot.aperf, woken[cpu].aperf);
			ASSERT_LE(slot.mperf, woken[cpu].mperf);
			ASSERT_LE(slot.cycles, woken[cpu].cycles);
			ASSERT_LE(slot.instructions, woken[cpu].instructions);
			aperf = least(aperf, woken[cpu].aperf - slot.aperf);
			mperf = least(mperf, woken[cpu].mperf - slot.mperf);
			cycles = least(cycles, woken[cpu].cycles - slot.cycles);
		}
	}
	EXPECT_LT(0, compared);
	EXPECT_GT(BOUND, aperf);
	EXPECT_GT(BOUND, mperf);
	EXPECT_GT(BOUND, cycles);
	close(waking);
}

static bool spinning;

static bool is_spinning(void)
{
	return __atomic_load_n(&spinning, __ATOMIC_RELAXED);
}

static void set_spinning(bool on)
{
	__atomic_store_n(&spinning, on, __ATOMIC_RELAXED);
}

static void *spin(void *unused)
{
	pin_to(1);
	set_spinning(true);
	while (is_spinning())
		;
	return NULL;
}

TEST_F_TIMEOUT(idle, a_busy_cpu_is_read_itself, 120)
{
	pthread_t thread;
	uint64_t last = 0;
	int i;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spin, NULL));
	while (!is_spinning())
		rest(1);
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		ASSERT_EQ(KRUN_STATUS_OK, self->slots[1].status);
		ASSERT_LT(last, self->slots[1].cycles);
		last = self->slots[1].cycles;
	}
	set_spinning(false);
	pthread_join(thread, NULL);
}

static bool has_aperf_alone(const struct krun_slot *slot)
{
	return slot->valid == KRUN_COUNTER_APERF && slot->aperf && !slot->mperf && !slot->cycles &&
	       !slot->instructions && !slot->irq_timer && !slot->switches;
}

/* Two plans share the snapshots; each sees its own counters only. */
TEST_F(idle, a_plan_does_not_see_what_another_asked_for)
{
	int other = krun_open(), i;

	ASSERT_EQ(0, krun_plan_all(other, ALL_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_APERF,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(all_have_snapshots(self->fd));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_TRUE(has_aperf_alone(&self->slots[1]));
	}
	close(other);
}

/*
 * The first plan's release interrupts the CPU, so that it takes another snapshot
 * when it goes idle again.
 */
TEST_F(idle, a_plan_does_not_see_what_an_earlier_one_asked_for)
{
	const unsigned int flags[] = { KRUN_SAMPLE_IDLE_SNAPSHOT, 0 };
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, flags[i]));
		ASSERT_TRUE(all_have_snapshots(self->fd));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_LT(0, self->slots[1].instructions);
		ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_APERF,
					   flags[i]));
		ASSERT_TRUE(all_have_snapshots(self->fd));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_TRUE(has_aperf_alone(&self->slots[1]));
	}
}

/* Without a watcher in between, the first snapshot is no longer valid. */
TEST_F(idle, a_snapshot_of_an_earlier_plan_is_not_taken)
{
	uint64_t cycles, waited;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
					   KRUN_SAMPLE_IDLE_SNAPSHOT));
		ASSERT_TRUE(all_have_snapshots(self->fd));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		cycles = self->slots[1].cycles;
		ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
		ASSERT_EQ(0, pin_to(1));
		spin_ms(50);
		ASSERT_EQ(0, pin_to(0));
		ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
					   KRUN_SAMPLE_IDLE_SNAPSHOT));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		waited = self->slots[1].cycles - cycles;
		EXPECT_LT(1000000, waited);
	}
}

TEST_HARNESS_MAIN
