// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rendezvous when the CPUs' time stamp counters disagree, which the kernel may not
 * have noticed, or are not trusted. Needs a machine whose last CPU is ahead of its
 * first.
 */
#include "krun_device.h"
#include "kselftest_harness.h"

#define SAMPLES 50

FIXTURE(tsc)
{
	int fd;
	const struct krun_slot *slots;
	int last;
};

FIXTURE_SETUP(tsc)
{
	self->last = online_cpus() - 1;
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(tsc)
{
	close(self->fd);
}

static inline uint64_t tsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return ((uint64_t)high << 32) | low;
}

/* By how much CPU @cpu is ahead of CPU 0, at least; negative: not known to be. */
static int64_t lead_of(int cpu)
{
	int64_t lead, most = INT64_MIN;
	uint64_t there;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		pin_to(cpu);
		there = tsc();
		pin_to(0);
		lead = there - tsc();
		if (lead > most)
			most = lead;
	}
	return most;
}

/* A CPU whose TSC lags would wait for its start for as long as that, interrupts off. */
TEST_F_TIMEOUT(tsc, a_cpu_that_lags_is_late_and_delays_nobody, 60)
{
	uint64_t before, took, least = ~0ULL;
	int64_t lead = self->last ? lead_of(self->last) : -1;
	int i;

	if (lead < 0)
		SKIP(return, "the time stamp counters agree");
	TH_LOG("CPU %d is at least %lld ticks ahead", self->last,
	       (long long)lead);
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, pin_to(self->last));
	for (i = 0; i < SAMPLES; i++) {
		before = tsc();
		ASSERT_EQ(self->last,
			  krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
		took = tsc() - before;
		if (took < least)
			least = took;
		ASSERT_EQ(KRUN_STATUS_OK, self->slots[0].status);
		EXPECT_EQ(KRUN_SLOT_LATE, self->slots[0].flags);
	}
	TH_LOG("the quickest of %d took %llu ticks", SAMPLES,
	       (unsigned long long)least);
	EXPECT_GT(lead, (int64_t)least);
	/* The other way round, the start is past. */
	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
	EXPECT_EQ(KRUN_SLOT_LATE, self->slots[self->last].flags);
}

TEST_F(tsc, without_a_stable_one_there_is_no_rendezvous)
{
	struct krun_info info;

	ASSERT_EQ(0, krun_result(ioctl(self->fd, KRUN_IOC_INFO, &info)));
	if (info.features & KRUN_FEATURE_TSC_STABLE)
		SKIP(return, "the kernel trusts the time stamp counter");
	EXPECT_EQ(-EOPNOTSUPP, krun_plan_all(self->fd, THREE_COUNTERS,
					     KRUN_SAMPLE_RENDEZVOUS));
	EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	EXPECT_EQ(-EOPNOTSUPP, krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
	EXPECT_LE(0, krun_sample(self->fd, 0));
}

TEST_HARNESS_MAIN
