// SPDX-License-Identifier: GPL-2.0-only
/* /dev/krun while CPUs go offline and online, and across a suspend. */
#include "krun_device.h"
#include <pthread.h>
#include "kselftest_harness.h"

FIXTURE(device_hotplug)
{
	int fd;
	const struct krun_slot *slots;
	int victim;
};

FIXTURE_SETUP(device_hotplug)
{
	self->victim = online_cpus() - 1;
	if (!self->victim || set_cpu_online(self->victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(device_hotplug)
{
	set_cpu_online(self->victim, true);
	close(self->fd);
}

TEST_F_TIMEOUT(device_hotplug, an_offline_cpu_says_so_and_counts_on_later, 90)
{
	const struct krun_slot *slot = &self->slots[self->victim];
	struct krun_slot before;
	unsigned int flags;

	for (flags = 0; flags <= KRUN_SAMPLE_IDLE_SNAPSHOT;
	     flags += KRUN_SAMPLE_IDLE_SNAPSHOT) {
		ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, flags));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		before = *slot;
		ASSERT_TRUE(has_values(&before));
		ASSERT_EQ(0, set_cpu_online(self->victim, false));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
		EXPECT_EQ(self->victim, slot->cpu);
		EXPECT_EQ(0, slot->tsc);
		EXPECT_EQ(0, slot->aperf);
		EXPECT_EQ(0, slot->cycles);
		EXPECT_EQ(KRUN_STATUS_OK, self->slots[0].status);
		ASSERT_EQ(0, krun_sample(self->fd, KRUN_SAMPLE_RENDEZVOUS));
		EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
		ASSERT_EQ(0, set_cpu_online(self->victim, true));
		ASSERT_EQ(0, krun_sample(self->fd, 0));
		EXPECT_TRUE(has_values(slot));
		EXPECT_LE(before.cycles, slot->cycles);
		EXPECT_LE(before.instructions, slot->instructions);
		EXPECT_LT(tsc_after(&before), slot->tsc);
	}
}

TEST_F_TIMEOUT(device_hotplug, an_offline_cpu_can_be_planned, 90)
{
	const struct krun_slot *slot = &self->slots[self->victim];
	uint64_t cycles;

	ASSERT_EQ(0, set_cpu_online(self->victim, false));
	ASSERT_EQ(0, krun_plan_mask(self->fd, 1ULL << self->victim,
				    ALL_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
	ASSERT_EQ(0, set_cpu_online(self->victim, true));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slot->status);
	cycles = slot->cycles;
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_LT(cycles, slot->cycles);
}

TEST_F_TIMEOUT(device_hotplug, a_plan_closed_while_offline_takes_nothing, 90)
{
	int fds[64], taken = 0, free_before = 0, free_after = 0;
	int *counts[] = { &free_before, &free_after };
	unsigned int i;
	uint64_t value;

	for (i = 0; i < 2; i++) {
		for (taken = 0; taken < 64; taken++) {
			fds[taken] = open_cycles_event(self->victim, true);
			ASSERT_LE(0, fds[taken]);
			if (!event_counts(fds[taken], &value))
				break;
		}
		*counts[i] = taken;
		for (; taken >= 0; taken--)
			close(fds[taken]);
		if (i)
			break;
		ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS,
					   KRUN_SAMPLE_IDLE_SNAPSHOT));
		ASSERT_EQ(0, set_cpu_online(self->victim, false));
		ASSERT_EQ(0, munmap((void *)self->slots, krun_slots_size()));
		close(self->fd);
		ASSERT_EQ(0, set_cpu_online(self->victim, true));
	}
	EXPECT_LT(0, free_before);
	EXPECT_EQ(free_before, free_after);
}

static bool stop;

static void *sample_on(void *argument)
{
	int fd = *(int *)argument;
	long errors = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		errors += krun_sample(fd, 0) < 0;
	return (void *)errors;
}

TEST_F_TIMEOUT(device_hotplug, cpus_go_and_come_under_samplers, 120)
{
	struct krun_slot slot;
	pthread_t thread;
	void *errors;
	int i;

	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, pthread_create(&thread, NULL, sample_on, &self->fd));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, set_cpu_online(self->victim, i & 1));
		ASSERT_TRUE(krun_copy_slot(&self->slots[self->victim], &slot));
		ASSERT_EQ(self->victim, slot.cpu);
		ASSERT_GE(KRUN_STATUS_BUSY, slot.status);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, &errors));
	EXPECT_EQ(NULL, errors);
}

struct watched {
	int fd;
	const struct krun_slot *slot;
	long answers, early;
};

/*
 * Counts how often a CPU has answered in the epoch in which it was offline, and then
 * begun the next one. Who says that it is offline may do so just when it begins.
 */
static void *watch_epochs(void *argument)
{
	struct watched *own = argument;
	uint32_t offline = 0, last = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (krun_sample(own->fd, 0) < 0)
			continue;
		if (own->slot->status == KRUN_STATUS_OFFLINE) {
			offline = own->slot->epoch;
			last = 0;
		}
		if (own->slot->status != KRUN_STATUS_OK)
			continue;
		own->answers++;
		if (last && last == offline && own->slot->epoch != last)
			own->early++;
		last = own->slot->epoch;
	}
	return NULL;
}

/* Those of APERF alone: it is there before perf's counters are. */
TEST_F_TIMEOUT(device_hotplug, a_cpu_answers_in_its_new_epoch_only, 120)
{
	struct watched watched = {
		.fd = self->fd,
		.slot = &self->slots[self->victim],
	};
	pthread_t thread;
	int i;

	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_APERF, 0));
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch_epochs, &watched));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, set_cpu_online(self->victim, i & 1));
	usleep(100000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(0, watched.answers);
	EXPECT_EQ(0, watched.early);
}

/*
 * As much of a suspend as the kernel's own test does without a wakeup device: it
 * stops all CPUs but the first or, without firmware support, only tasks and
 * devices.
 */
TEST_F_TIMEOUT(device_hotplug, a_suspend_is_survived, 120)
{
	struct krun_slot before[MAX_CPUS];
	int cpu;

	if (write_text("/sys/power/pm_test",
		       text_contains("/sys/power/mem_sleep", "deep") ?
			       "processors" : "devices"))
		SKIP(return, "kernel without CONFIG_PM_DEBUG");
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	memcpy(before, self->slots, sizeof(*before) * (self->victim + 1));
	ASSERT_EQ(0, suspend());
	ASSERT_EQ(0, write_text("/sys/power/pm_test", "none"));
	ASSERT_EQ(0, krun_sample(self->fd, 0));
	for (cpu = 0; cpu <= self->victim; cpu++) {
		EXPECT_EQ(KRUN_STATUS_OK, self->slots[cpu].status);
		EXPECT_LT(before[cpu].cycles, self->slots[cpu].cycles);
		EXPECT_LT(tsc_after(&before[cpu]), self->slots[cpu].tsc);
	}
}

TEST_HARNESS_MAIN
