// SPDX-License-Identifier: GPL-2.0-only
/* What disturbs: interrupts, switches, thermal status; and events of a plan's own. */
#include "krun_device.h"
#include <pthread.h>
#include "kselftest_harness.h"

#define SAMPLES 100
#define MSR_IA32_THERM_STATUS 0x19c

FIXTURE(disturbance)
{
	int fd;
	const struct krun_slot *slots;
	int last;
};

FIXTURE_SETUP(disturbance)
{
	self->last = online_cpus() - 1;
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(disturbance)
{
	close(self->fd);
}

/* A kind in /proc/interrupts, on CPU @cpu. */
static uint32_t count_in_proc(const char *name, int cpu)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[4096], *at;
	unsigned long count = ~0UL;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, name);
		if (!at)
			continue;
		at += strlen(name);
		for (count = strtoul(at, &at, 10); cpu; cpu--)
			count = strtoul(at, &at, 10);
		break;
	}
	if (file)
		fclose(file);
	return count;
}

TEST_F(disturbance, interrupts_are_those_of_proc)
{
	static const struct {
		const char *name;
		size_t field;
	} kinds[] = {
		{ "LOC:", offsetof(struct krun_slot, irq_timer) },
		{ "RES:", offsetof(struct krun_slot, irq_reschedule) },
		{ "CAL:", offsetof(struct krun_slot, irq_call) },
		{ "NMI:", offsetof(struct krun_slot, irq_nmi) },
	};
	uint32_t before[4], value, device;
	size_t i;

	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_INTERRUPTS, 0));
	spin_ms(50);
	for (i = 0; i < 4; i++)
		before[i] = count_in_proc(kinds[i].name, 0);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_COUNTER_INTERRUPTS, self->slots[0].valid);
	for (i = 0; i < 4; i++) {
		memcpy(&value, (char *)&self->slots[0] + kinds[i].field,
		       sizeof(value));
		EXPECT_LE(before[i], value);
		EXPECT_GE(count_in_proc(kinds[i].name, 0), value);
	}
	EXPECT_LT(0, self->slots[0].irq_timer);
	/* The console's, whose every line is one at least. */
	device = self->slots[0].irq_device;
	TH_LOG("%u interrupts of devices", device);
	EXPECT_LT(0, device);
}

static bool stop;

static void *spin_on_last(void *cpu)
{
	pin_to(*(int *)cpu);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

/* Samples do not take themselves for a disturbance. */
TEST_F_TIMEOUT(disturbance, own_interrupts_are_told_apart, 60)
{
	struct krun_slot before, after;
	pthread_t thread;
	int other = krun_open(), i;

	if (!self->last)
		SKIP(return, "one CPU only");
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, spin_on_last, &self->last));
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_INTERRUPTS, 0));
	ASSERT_EQ(0, krun_plan_all(other, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = self->slots[self->last];
	for (i = 1; i < SAMPLES; i++)
		ASSERT_EQ(0, krun_sample(self->fd, 0));
	for (i = 0; i < SAMPLES; i++)
		ASSERT_EQ(0, krun_sample(other, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	after = self->slots[self->last];
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	/* Of any file. */
	EXPECT_EQ(2 * SAMPLES, after.own - before.own);
	EXPECT_LE(2 * SAMPLES, after.irq_call - before.irq_call);
	EXPECT_GE(2 * SAMPLES + SAMPLES / 4, after.irq_call - before.irq_call);
	close(other);
}

static int pipes[2][2];

static void *answer(void *cpu)
{
	char byte;

	pin_to(*(int *)cpu);
	while (read(pipes[0][0], &byte, 1) == 1 && byte)
		if (write(pipes[1][1], &byte, 1) != 1)
			break;
	return NULL;
}

TEST_F_TIMEOUT(disturbance, switches_are_counted, 60)
{
	uint32_t before, quiet, busy;
	pthread_t thread;
	char byte = 1;
	int cpu = 0, i;

	ASSERT_EQ(0, pipe(pipes[0]));
	ASSERT_EQ(0, pipe(pipes[1]));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer, &cpu));
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_SWITCHES, 0));
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	before = self->slots[0].switches;
	spin_ms(20);
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	quiet = self->slots[0].switches - before;
	before = self->slots[0].switches;
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_EQ(1, write(pipes[0][1], &byte, 1));
		ASSERT_EQ(1, read(pipes[1][0], &byte, 1));
	}
	ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	busy = self->slots[0].switches - before;
	byte = 0;
	ASSERT_EQ(1, write(pipes[0][1], &byte, 1));
	pthread_join(thread, NULL);
	TH_LOG("%u switches of nobody, %u of %d turns", quiet, busy, SAMPLES);
	EXPECT_GT(SAMPLES / 2, quiet);
	EXPECT_LE(2 * SAMPLES, busy);
	EXPECT_GE(3 * SAMPLES, busy);
}

TEST_F(disturbance, thermal_status_is_the_msr)
{
	struct krun_info info;
	uint64_t status = read_msr_node(0, MSR_IA32_THERM_STATUS);

	ASSERT_EQ(0, krun_result(ioctl(self->fd, KRUN_IOC_INFO, &info)));
	if (!(info.counters & KRUN_COUNTER_THERMAL)) {
		EXPECT_EQ(-EOPNOTSUPP,
			  krun_plan_all(self->fd, KRUN_COUNTER_THERMAL, 0));
		SKIP(return, "no thermal status");
	}
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_THERMAL,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ((uint32_t)status, self->slots[0].thermal);
	EXPECT_EQ(KRUN_COUNTER_THERMAL, self->slots[0].valid);
}

/* What is not read of an idle CPU is not said to be valid. */
TEST_F_TIMEOUT(disturbance, an_idle_cpu_has_no_smi_count, 60)
{
	int i, idle = 0;

	if (!self->last)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		usleep(20000);
		if (self->slots[self->last].status != KRUN_STATUS_IDLE)
			continue;
		idle++;
		EXPECT_EQ(IDLE_COUNTERS, self->slots[self->last].valid);
		EXPECT_LT(0, self->slots[self->last].irq_timer);
	}
	EXPECT_LT(5, idle);
	EXPECT_EQ(ALL_COUNTERS, self->slots[0].valid);
}

static struct krun_plan plan_of_events(int cpu)
{
	static uint64_t mask;
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, 0);

	mask = 1ULL << cpu;
	plan.cpus = (uintptr_t)&mask;
	plan.cpus_size = sizeof(mask);
	return plan;
}

TEST_F(disturbance, events_of_a_plan_count_what_they_say)
{
	struct krun_plan plan = plan_of_events(0);
	struct krun_slot before, after;

	plan.counters |= KRUN_COUNTER_EVENT(0) | KRUN_COUNTER_EVENT(2);
	plan.events[0].config = PERF_COUNT_HW_CPU_CYCLES;
	plan.events[2].config = PERF_COUNT_HW_INSTRUCTIONS;
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	before = self->slots[0];
	spin_ms(20);
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	after = self->slots[0];
	EXPECT_EQ(plan.counters, after.valid);
	EXPECT_EQ(0, after.events[1]);
	EXPECT_LT(before.events[0], after.events[0]);
	EXPECT_GT(0.02, (double)(after.events[0] - before.events[0]) /
			(after.cycles - before.cycles) - 1);
	EXPECT_LT(-0.02, (double)(after.events[0] - before.events[0]) /
			 (after.cycles - before.cycles) - 1);
	EXPECT_NE(after.events[0] - before.events[0],
		  after.events[2] - before.events[2]);
}

TEST_F(disturbance, events_that_cannot_be_are_refused)
{
	struct krun_plan plan = plan_of_events(0);
	int before = free_counters();

	/* Of another PMU, of none, not asked for, or more than there are. */
	plan.counters = KRUN_COUNTER_EVENT(0);
	plan.events[0].type = PERF_TYPE_SOFTWARE;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[0].type = PERF_TYPE_TRACEPOINT;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[0].type = 12345;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[0].type = PERF_TYPE_HARDWARE;
	plan.events[0].reserved = 1;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[0].reserved = 0;
	plan.events[1].config = 1;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[1].config = 0;
	EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
	EXPECT_EQ(before, free_counters());
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
	EXPECT_EQ(before - 1, free_counters());
}

TEST_F(disturbance, events_without_a_counter_take_nothing)
{
	struct krun_plan plan = plan_of_events(0);
	int fds[MAX_EVENTS], taken = take_cycles_counters(0, fds);

	give_back(fds + 1, taken - 1);
	taken = take_cycles_counters(0, fds + 1) - 1;
	ASSERT_LT(0, taken);
	/* Now there is one counter, but the plan wants more of them. */
	give_back(fds + taken, 1);
	plan.counters = KRUN_COUNTER_EVENT(0) | KRUN_COUNTER_EVENT(1);
	EXPECT_EQ(-EBUSY, krun_set_plan(self->fd, &plan));
	EXPECT_EQ(1, free_counters());
	give_back(fds, taken);
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
}

/* Nothing that only its coming online would show. */
TEST_F_TIMEOUT(disturbance, events_of_an_offline_cpu_are_checked_too, 60)
{
	struct krun_plan plan = plan_of_events(self->last);

	if (!self->last || set_cpu_online(self->last, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, set_cpu_online(self->last, false));
	plan.counters = KRUN_COUNTER_EVENT(0);
	plan.events[0].type = PERF_TYPE_SOFTWARE;
	plan.events[0].config = PERF_COUNT_SW_CONTEXT_SWITCHES;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.events[0].type = PERF_TYPE_HARDWARE;
	plan.events[0].config = PERF_COUNT_HW_CPU_CYCLES;
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, set_cpu_online(self->last, true));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, self->slots[self->last].status);
}

/* A CPU that comes back counts them again, from 0 and in a new epoch. */
TEST_F_TIMEOUT(disturbance, events_survive_an_offline_cpu, 60)
{
	struct krun_plan plan = plan_of_events(self->last);
	const struct krun_slot *slot = &self->slots[self->last];
	uint32_t epoch;

	if (!self->last || set_cpu_online(self->last, true))
		SKIP(return, "no CPU that can be taken offline");
	plan.counters = KRUN_COUNTER_EVENT(3);
	ASSERT_EQ(0, krun_set_plan(self->fd, &plan));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	epoch = slot->epoch;
	ASSERT_EQ(0, set_cpu_online(self->last, false));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
	ASSERT_EQ(0, set_cpu_online(self->last, true));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	EXPECT_LT(0, slot->events[3]);
	EXPECT_NE(epoch, slot->epoch);
}

TEST_HARNESS_MAIN
