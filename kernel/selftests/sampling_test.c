// SPDX-License-Identifier: GPL-2.0-only
/* What krun_sample(2) writes to the slots. */
#include "krun_device.h"
#include <pthread.h>
#include "kselftest_harness.h"

#define SAMPLES 200
#define CALL_FUNCTION_INTERRUPTS "CAL:"

FIXTURE(sampling)
{
	int fd;
	const struct krun_slot *slots;
	int cpus;
};

FIXTURE_SETUP(sampling)
{
	self->cpus = online_cpus();
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(sampling)
{
	close(self->fd);
}

static inline uint64_t tsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return ((uint64_t)high << 32) | low;
}

TEST_F(sampling, every_planned_cpu_writes_its_own_slot)
{
	struct krun_slot slot;
	uint64_t before, after;
	int cpu;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	before = tsc();
	ASSERT_LE(0, krun_sample(self->fd, 0));
	after = tsc();
	for (cpu = 0; cpu < self->cpus; cpu++) {
		slot = self->slots[cpu];
		EXPECT_EQ(2, slot.sequence);
		EXPECT_EQ(cpu, slot.cpu);
		EXPECT_EQ(KRUN_STATUS_OK, slot.status);
		EXPECT_EQ(0, slot.flags);
		EXPECT_LE(before, slot.tsc);
		EXPECT_LT(slot.tsc, tsc_after(&slot));
		EXPECT_GE(after, tsc_after(&slot));
		EXPECT_LT(0, slot.aperf);
		EXPECT_LT(0, slot.mperf);
		EXPECT_EQ(0, slot.instructions);
		EXPECT_EQ(0, slot.smi);
		EXPECT_EQ(THREE_COUNTERS, slot.valid);
		EXPECT_EQ(1, slot.sample);
		EXPECT_LT(0, slot.epoch);
	}
	ASSERT_LE(0, krun_result(ioctl(self->fd, KRUN_IOC_SAMPLE, 0)));
	for (cpu = 0; cpu < self->cpus; cpu++)
		EXPECT_EQ(4, self->slots[cpu].sequence);
}

TEST_F(sampling, values_grow_on_every_cpu)
{
	struct krun_slot last[MAX_CPUS];
	int cpu, i;

	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
	ASSERT_LE(0, krun_sample(self->fd, 0));
	memcpy(last, self->slots, self->cpus * sizeof(*last));
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_LE(0, krun_sample(self->fd, 0));
		for (cpu = 0; cpu < self->cpus; cpu++) {
			struct krun_slot slot = self->slots[cpu];

			ASSERT_LT(tsc_after(&last[cpu]), slot.tsc);
			ASSERT_LT(last[cpu].aperf, slot.aperf);
			ASSERT_LT(last[cpu].mperf, slot.mperf);
			ASSERT_LT(last[cpu].cycles, slot.cycles);
			ASSERT_LT(last[cpu].instructions, slot.instructions);
			ASSERT_EQ(ALL_COUNTERS, slot.valid);
			ASSERT_EQ(last[cpu].epoch, slot.epoch);
			ASSERT_EQ(last[cpu].sample + 1, slot.sample);
			ASSERT_EQ(last[cpu].smi, slot.smi);
			last[cpu] = slot;
		}
	}
}

/* The counters differ in their rates, so that a mix-up shows. */
TEST_F(sampling, the_values_are_those_of_other_ways_to_read)
{
	struct krun_slot slot[2];
	uint64_t msr[2];

	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, krun_plan_mask(self->fd, 1, ALL_COUNTERS, 0));
	msr[0] = read_msr_node(0, MSR_IA32_APERF);
	ASSERT_NE(0, msr[0]);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	slot[0] = self->slots[0];
	msr[1] = read_msr_node(0, MSR_IA32_APERF);
	EXPECT_LT(msr[0], slot[0].aperf);
	EXPECT_GT(msr[1], slot[0].aperf);
	msr[0] = read_msr_node(0, MSR_IA32_MPERF);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_LT(msr[0], self->slots[0].mperf);
	EXPECT_GT(read_msr_node(0, MSR_IA32_MPERF), self->slots[0].mperf);
	slot[0] = self->slots[0];
	spin_ms(100);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	slot[1] = self->slots[0];
	/* Cycles count what APERF counts. */
	EXPECT_GT(0.05, (double)(slot[1].cycles - slot[0].cycles) /
			(slot[1].aperf - slot[0].aperf) - 1);
	EXPECT_LT(-0.05, (double)(slot[1].cycles - slot[0].cycles) /
			 (slot[1].aperf - slot[0].aperf) - 1);
	EXPECT_NE(slot[1].instructions - slot[0].instructions,
		  slot[1].cycles - slot[0].cycles);
}

TEST_F(sampling, local_samples_the_callers_cpu_alone)
{
	uint32_t sequences[MAX_CPUS];
	int cpu, other;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	for (cpu = 0; cpu < self->cpus; cpu++) {
		ASSERT_EQ(0, pin_to(cpu));
		for (other = 0; other < self->cpus; other++)
			sequences[other] = self->slots[other].sequence;
		ASSERT_EQ(cpu, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
		for (other = 0; other < self->cpus; other++)
			EXPECT_EQ(sequences[other] + 2 * (other == cpu),
				  self->slots[other].sequence);
	}
	/* As a flag of the plan; and on a CPU that is not planned. */
	ASSERT_EQ(0, krun_plan_mask(self->fd, 1, THREE_COUNTERS,
				    KRUN_SAMPLE_LOCAL));
	ASSERT_EQ(0, pin_to(0));
	EXPECT_EQ(0, krun_sample(self->fd, 0));
	if (self->cpus > 1) {
		ASSERT_EQ(0, pin_to(1));
		EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
	}
}

TEST_F(sampling, a_caller_outside_its_plan_samples_the_planned)
{
	int last = self->cpus - 1;

	if (!last)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_plan_mask(self->fd, 1ULL << last, THREE_COUNTERS, 0));
	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(0, self->slots[0].sequence);
	EXPECT_EQ(2, self->slots[last].sequence);
	EXPECT_EQ(last, self->slots[last].cpu);
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
	EXPECT_EQ(4, self->slots[last].sequence);
}

/* A line of /proc/interrupts, for CPU @cpu or summed over all (-1). */
static long count_of_interrupts(const char *name, int cpu)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[4096], *rest, *word;
	long sum = -1;
	int at;

	while (file && fgets(line, sizeof(line), file)) {
		word = strtok_r(line, " \t", &rest);
		if (!word || strcmp(word, name))
			continue;
		sum = 0;
		for (at = 0; at < online_cpus(); at++) {
			word = strtok_r(NULL, " \t", &rest);
			if (word && (cpu < 0 || cpu == at))
				sum += atol(word);
		}
	}
	if (file)
		fclose(file);
	return sum;
}

/* Others send such interrupts too, but never so many. */
TEST_F_TIMEOUT(sampling, one_interrupt_for_each_other_cpu, 120)
{
	long before, after, expected = SAMPLES * (self->cpus - 1);
	int i;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	before = count_of_interrupts(CALL_FUNCTION_INTERRUPTS, -1);
	ASSERT_LE(0, before);
	for (i = 0; i < SAMPLES; i++)
		ASSERT_LE(0, krun_sample(self->fd, 0));
	after = count_of_interrupts(CALL_FUNCTION_INTERRUPTS, -1);
	EXPECT_LE(expected, after - before);
	EXPECT_GE(expected + SAMPLES / 4, after - before);
	before = after;
	for (i = 0; i < SAMPLES; i++)
		ASSERT_LE(0, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	EXPECT_GE(before + SAMPLES / 4,
		  count_of_interrupts(CALL_FUNCTION_INTERRUPTS, -1));
}

TEST_F(sampling, adaptive_tick_cpus_can_be_left_alone)
{
	long before;
	int cpu, i;

	if (read_number("/sys/devices/system/cpu/nohz_full") != 1)
		SKIP(return, "not all CPUs but 0 are adaptive-tick");
	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	before = count_of_interrupts(CALL_FUNCTION_INTERRUPTS, 1);
	for (i = 0; i < SAMPLES; i++)
		ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_SKIP_NOHZ_FULL));
	EXPECT_GE(before + SAMPLES / 4,
		  count_of_interrupts(CALL_FUNCTION_INTERRUPTS, 1));
	EXPECT_EQ(KRUN_STATUS_OK, self->slots[0].status);
	for (cpu = 1; cpu < self->cpus; cpu++) {
		EXPECT_EQ(KRUN_STATUS_SKIPPED, self->slots[cpu].status);
		EXPECT_EQ(cpu, self->slots[cpu].cpu);
		EXPECT_EQ(0, self->slots[cpu].tsc);
		EXPECT_EQ(0, self->slots[cpu].aperf);
	}
	/* The caller's own CPU is no reason to interrupt it. */
	if (self->cpus > 1) {
		ASSERT_EQ(0, pin_to(1));
		ASSERT_EQ(1, krun_sample(self->fd, KRUN_SAMPLE_SKIP_NOHZ_FULL));
		EXPECT_EQ(KRUN_STATUS_OK, self->slots[1].status);
	}
}

static uint64_t skew_of(const struct krun_slot *slots, int cpus)
{
	uint64_t first = ~0ULL, last = 0;
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		if (slots[cpu].tsc < first)
			first = slots[cpu].tsc;
		if (slots[cpu].tsc > last)
			last = slots[cpu].tsc;
	}
	return last - first;
}

/*
 * The quality depends on the machine: a host may take a guest's CPU away at any
 * time. A late CPU must say so, and one that is not late must not have started
 * before the others had arrived.
 */
TEST_F_TIMEOUT(sampling, a_rendezvous_starts_together_or_says_who_is_late, 120)
{
	uint64_t best = ~0ULL, us;
	struct krun_info info;
	int cpu, i, late, together = 0;

	ASSERT_EQ(0, krun_result(ioctl(self->fd, KRUN_IOC_INFO, &info)));
	us = info.tsc_khz / 1000;
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS,
				   KRUN_SAMPLE_RENDEZVOUS));
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_LE(0, krun_sample(self->fd, 0));
		late = 0;
		for (cpu = 0; cpu < self->cpus; cpu++) {
			ASSERT_EQ(KRUN_STATUS_OK, self->slots[cpu].status);
			late += self->slots[cpu].flags == KRUN_SLOT_LATE;
		}
		if (late)
			continue;
		together++;
		if (skew_of(self->slots, self->cpus) < best)
			best = skew_of(self->slots, self->cpus);
	}
	TH_LOG("%d of %d samples with nobody late, least skew %llu ticks of %llu a us",
	       together, SAMPLES, (unsigned long long)best,
	       (unsigned long long)us);
	if (together)
		EXPECT_GT(50 * us, best);
}

struct sampler_thread {
	pthread_t thread;
	int fd;
	int errors;
};

static void *sample_often(void *argument)
{
	struct sampler_thread *own = argument;
	int i;

	int result;

	for (i = 0; i < 2 * SAMPLES; i++) {
		result = krun_sample(own->fd, 0);
		/* Between two plans there is none. */
		own->errors += result < 0 && result != -ENODATA;
	}
	return NULL;
}

/* Also with two rendezvous at once, each needing the other's CPU. */
TEST_F_TIMEOUT(sampling, many_samplers_at_once_on_one_file_and_on_many, 120)
{
	struct sampler_thread threads[8];
	struct krun_slot slot, last[MAX_CPUS] = { 0 };
	int cpu, i;

	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	for (i = 0; i < 8; i++) {
		threads[i] = (struct sampler_thread){ .fd = self->fd };
		if (i >= 4) {
			threads[i].fd = krun_open();
			ASSERT_LE(0, threads[i].fd);
			ASSERT_EQ(0, krun_plan_all(threads[i].fd, ALL_COUNTERS,
						   i % 2 ? KRUN_SAMPLE_RENDEZVOUS : 0));
		}
	}
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&threads[i].thread, NULL,
					    sample_often, &threads[i]));
	for (i = 0; i < 2000; i++) {
		cpu = i % self->cpus;
		ASSERT_TRUE(krun_copy_slot(&self->slots[cpu], &slot));
		if (!slot.sequence)
			continue;
		ASSERT_EQ(cpu, slot.cpu);
		ASSERT_EQ(KRUN_STATUS_OK, slot.status);
		ASSERT_LT(slot.tsc, tsc_after(&slot));
		ASSERT_LE(last[cpu].aperf, slot.aperf);
		ASSERT_LE(last[cpu].mperf, slot.mperf);
		ASSERT_LE(last[cpu].cycles, slot.cycles);
		last[cpu] = slot;
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, pthread_join(threads[i].thread, NULL));
		EXPECT_EQ(0, threads[i].errors);
		if (i >= 4)
			close(threads[i].fd);
	}
}

static void *plan_often(void *argument)
{
	struct sampler_thread *own = argument;
	int i;

	for (i = 0; i < 20; i++)
		own->errors += krun_plan_mask(own->fd, 1 + 2 * (i & 1),
					      i & 2 ? ALL_COUNTERS : THREE_COUNTERS,
					      i & 4 ? KRUN_SAMPLE_IDLE_SNAPSHOT : 0) < 0;
	return NULL;
}

TEST_F_TIMEOUT(sampling, a_plan_can_be_replaced_while_others_sample, 120)
{
	struct sampler_thread sampler = { .fd = self->fd };
	struct sampler_thread planner = { .fd = self->fd };

	if (self->cpus < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, pthread_create(&sampler.thread, NULL, sample_often,
				    &sampler));
	ASSERT_EQ(0, pthread_create(&planner.thread, NULL, plan_often,
				    &planner));
	ASSERT_EQ(0, pthread_join(planner.thread, NULL));
	ASSERT_EQ(0, pthread_join(sampler.thread, NULL));
	EXPECT_EQ(0, sampler.errors);
	EXPECT_EQ(0, planner.errors);
}

TEST_HARNESS_MAIN
