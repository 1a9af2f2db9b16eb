// SPDX-License-Identifier: GPL-2.0-only
/* Readings are monotonic, per CPU, and agree with other readers. */
#include "krun_selftest.h"
#include "kselftest_harness.h"

#define READINGS 10000

FIXTURE(counters)
{
	int cpus;
};

FIXTURE_SETUP(counters)
{
	self->cpus = online_cpus();
	ASSERT_EQ(0, krun_configure(self->cpus));
}

FIXTURE_TEARDOWN(counters)
{
}

static bool goes_back(const uint64_t *before, const uint64_t *after, int cpus)
{
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		if (after[cpu] < before[cpu])
			return true;
	return false;
}

TEST_F_TIMEOUT(counters, monotonic_over_10000_readings, 120)
{
	struct reading readings[2];
	int i;

	ASSERT_EQ(0, krun_reset(self->cpus));
	ASSERT_EQ(0, krun_read(self->cpus, false, &readings[0]));
	for (i = 1; i <= READINGS; i++) {
		struct reading *before = &readings[(i - 1) % 2];
		struct reading *after = &readings[i % 2];

		ASSERT_EQ(0, krun_read(self->cpus, i % 2, after));
		ASSERT_FALSE(goes_back(before->aperf, after->aperf, self->cpus));
		ASSERT_FALSE(goes_back(before->mperf, after->mperf, self->cpus));
		ASSERT_FALSE(goes_back(before->cycles, after->cycles, self->cpus));
	}
}

TEST_F_TIMEOUT(counters, monotonic_for_one_cpu, 120)
{
	struct reading readings[2];
	int i;

	ASSERT_EQ(0, krun_reset(1));
	ASSERT_EQ(0, krun_read(1, false, &readings[0]));
	for (i = 1; i <= READINGS; i++) {
		struct reading *before = &readings[(i - 1) % 2];
		struct reading *after = &readings[i % 2];

		/* From its own CPU and from another one. */
		if (i == READINGS / 2)
			ASSERT_EQ(0, pin_to(self->cpus - 1));
		ASSERT_EQ(0, krun_read(1, i % 2, after));
		ASSERT_FALSE(goes_back(before->aperf, after->aperf, 1));
		ASSERT_FALSE(goes_back(before->mperf, after->mperf, 1));
		ASSERT_FALSE(goes_back(before->cycles, after->cycles, 1));
	}
}

TEST_F(counters, every_counter_of_every_cpu_increases)
{
	struct reading before, after;
	int cpu;

	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		ASSERT_EQ(0, pin_to(cpu));
		spin_ms(20);
	}
	ASSERT_EQ(0, krun_read(self->cpus, false, &after));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		EXPECT_GT(after.aperf[cpu], before.aperf[cpu]);
		EXPECT_GT(after.mperf[cpu], before.mperf[cpu]);
		EXPECT_GT(after.cycles[cpu], before.cycles[cpu]);
	}
}

/*
 * In a virtual machine the host may take the CPU away between two counters,
 * which run on meanwhile. It does not do so in each of five attempts.
 */
#define ATTEMPTS 5

static bool eventually(bool (*holds)(int cpus), int cpus)
{
	int attempt;

	for (attempt = 0; attempt < ATTEMPTS; attempt++)
		if (holds(cpus))
			return true;
	return false;
}

static bool within_percent(uint64_t value, uint64_t expected, unsigned int percent)
{
	return value * 100 > expected * (100 - percent) &&
	       value * 100 < expected * (100 + percent);
}

static bool halted_cpus_stand_still(int cpus)
{
	struct reading before, after;
	int cpu;

	spin_ms(50);
	if (krun_read(cpus, false, &before))
		return false;
	spin_ms(500);
	if (krun_read(cpus, false, &after))
		return false;
	for (cpu = 1; cpu < cpus; cpu++)
		if (after.aperf[cpu] - before.aperf[cpu] >
			    (after.aperf[0] - before.aperf[0]) / 10 ||
		    after.mperf[cpu] - before.mperf[cpu] >
			    (after.mperf[0] - before.mperf[0]) / 10 ||
		    after.cycles[cpu] - before.cycles[cpu] >
			    (after.cycles[0] - before.cycles[0]) / 10)
			return false;
	return true;
}

TEST_F(counters, stand_still_on_a_halted_cpu)
{
	if (self->cpus < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, pin_to(0));
	EXPECT_TRUE(eventually(halted_cpus_stand_still, self->cpus));
}

/* APERF counts at the core clock, so does the core-cycle counter. */
static bool cycles_agree_with_aperf(int cpus)
{
	struct reading before, after;

	if (krun_read(1, false, &before))
		return false;
	spin_ms(300);
	if (krun_read(1, true, &after))
		return false;
	return within_percent(after.cycles[0] - before.cycles[0],
			      after.aperf[0] - before.aperf[0], 1);
}

TEST_F(counters, core_cycles_agree_with_aperf)
{
	ASSERT_EQ(0, pin_to(0));
	EXPECT_TRUE(eventually(cycles_agree_with_aperf, self->cpus));
}

static bool ratio_agrees_with_msr_node(int cpus)
{
	struct reading before, after;
	uint64_t aperf = read_msr_node(0, MSR_IA32_APERF);
	uint64_t mperf = read_msr_node(0, MSR_IA32_MPERF);

	if (krun_read(1, false, &before))
		return false;
	spin_ms(300);
	if (krun_read(1, false, &after))
		return false;
	aperf = read_msr_node(0, MSR_IA32_APERF) - aperf;
	mperf = read_msr_node(0, MSR_IA32_MPERF) - mperf;
	return within_percent((after.aperf[0] - before.aperf[0]) * 1000 /
				      (after.mperf[0] - before.mperf[0]),
			      aperf * 1000 / mperf, 2);
}

TEST_F(counters, aperf_and_mperf_are_not_mixed_up)
{
	ASSERT_EQ(0, pin_to(0));
	if (!read_msr_node(0, MSR_IA32_APERF))
		SKIP(return, "no msr node");
	EXPECT_TRUE(eventually(ratio_agrees_with_msr_node, self->cpus));
}

TEST_F(counters, reset_counts_from_zero)
{
	struct reading before, after;
	int cpu;

	ASSERT_EQ(0, pin_to(0));
	spin_ms(200);
	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	ASSERT_EQ(0, krun_reset(self->cpus));
	ASSERT_EQ(0, krun_read(self->cpus, false, &after));
	/* A fifth of a second of counting is gone. */
	EXPECT_LT(after.aperf[0], before.aperf[0] / 2);
	EXPECT_LT(after.mperf[0], before.mperf[0] / 2);
	EXPECT_LT(after.cycles[0], before.cycles[0] / 2);
	for (cpu = 1; cpu < self->cpus; cpu++)
		EXPECT_LT(after.aperf[cpu], before.aperf[cpu]);
}

TEST_F(counters, reset_of_fewer_cpus_leaves_the_others)
{
	struct reading before, after;

	if (self->cpus < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_read(2, false, &before));
	ASSERT_EQ(0, krun_reset(1));
	ASSERT_EQ(0, krun_read(2, false, &after));
	EXPECT_GE(after.aperf[1], before.aperf[1]);
	EXPECT_GE(after.cycles[1], before.cycles[1]);
	EXPECT_LT(after.aperf[0], before.aperf[0]);
}

static int reset_elsewhere(void)
{
	int cpus = online_cpus();

	return -(krun_configure(cpus) ?: krun_reset(cpus));
}

TEST_F(counters, reset_leaves_other_processes_and_the_msrs_alone)
{
	struct reading before, after;
	uint64_t aperf, mperf;
	int cpu;

	ASSERT_EQ(0, krun_reset(self->cpus));
	spin_ms(50);
	aperf = read_msr_node(0, MSR_IA32_APERF);
	mperf = read_msr_node(0, MSR_IA32_MPERF);
	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	ASSERT_EQ(0, in_child(reset_elsewhere));
	ASSERT_EQ(0, krun_read(self->cpus, false, &after));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		EXPECT_GE(after.aperf[cpu], before.aperf[cpu]);
		EXPECT_GE(after.mperf[cpu], before.mperf[cpu]);
		EXPECT_GE(after.cycles[cpu], before.cycles[cpu]);
	}
	if (!aperf)
		SKIP(return, "no msr node");
	ASSERT_EQ(0, krun_reset(self->cpus));
	EXPECT_GT(read_msr_node(0, MSR_IA32_APERF), aperf);
	EXPECT_GT(read_msr_node(0, MSR_IA32_MPERF), mperf);
}

TEST_HARNESS_MAIN
