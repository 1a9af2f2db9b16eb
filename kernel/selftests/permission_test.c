// SPDX-License-Identifier: GPL-2.0-only
/* Who may plan, what a seal ends, and what a shield keeps off. */
#include "krun_device.h"
#include "kselftest_harness.h"

#define NOBODY 65534
#define SHIELDED "/sys/class/misc/krun/shielded"

FIXTURE(permission)
{
	int fd;
	const struct krun_slot *slots;
};

FIXTURE_SETUP(permission)
{
	ASSERT_EQ(0, pin_to(0));
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
	self->slots = krun_map(self->fd);
	ASSERT_NE(NULL, self->slots);
}

FIXTURE_TEARDOWN(permission)
{
	close(self->fd);
}

static int krun_seal(int fd)
{
	return krun_result(ioctl(fd, KRUN_IOC_SEAL, 0));
}

static uint32_t features_of(int fd)
{
	struct krun_info info = { 0 };

	ioctl(fd, KRUN_IOC_INFO, &info);
	return info.features;
}

TEST(a_descriptor_for_reading_does_not_plan)
{
	int fd = krun_open_as(O_RDONLY);
	struct krun_info info;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, krun_plan_all(fd, THREE_COUNTERS, 0));
	EXPECT_EQ(0, krun_result(ioctl(fd, KRUN_IOC_INFO, &info)));
	EXPECT_EQ(-ENODATA, krun_sample(fd, 0));
	EXPECT_EQ(-ENODATA, krun_seal(fd));
	EXPECT_NE(NULL, krun_map(fd));
	close(fd);
}

static int passed_fd;

static int plan_as_nobody(void)
{
	if (setuid(NOBODY))
		return 99;
	return -krun_plan_all(passed_fd, THREE_COUNTERS, 0);
}

static int seal_as_nobody(void)
{
	if (setuid(NOBODY))
		return 99;
	return -krun_seal(passed_fd);
}

TEST_F(permission, a_seal_ends_planning_for_everybody)
{
	int copy = dup(self->fd);

	passed_fd = copy;
	EXPECT_EQ(-ENODATA, krun_seal(self->fd));
	EXPECT_EQ(0, in_child(plan_as_nobody));
	EXPECT_EQ(0, features_of(self->fd) & KRUN_FEATURE_SEALED);
	EXPECT_EQ(0, in_child(seal_as_nobody));
	EXPECT_EQ(KRUN_FEATURE_SEALED, features_of(self->fd) & KRUN_FEATURE_SEALED);
	EXPECT_EQ(-EPERM, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	EXPECT_EQ(-EPERM, krun_plan_all(copy, THREE_COUNTERS, 0));
	EXPECT_EQ(EPERM, in_child(plan_as_nobody));
	EXPECT_EQ(0, krun_seal(self->fd));
	/* The plan in force stays. */
	EXPECT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, self->slots[0].status);
	close(copy);
}

/* Bits of the CPUs in a list such as "0,2-3". */
static uint64_t cpus_in(const char *list)
{
	uint64_t cpus = 0;
	char *at;
	long cpu, last;

	while (*list >= '0' && *list <= '9') {
		cpu = strtol(list, &at, 10);
		last = *at == '-' ? strtol(at + 1, &at, 10) : cpu;
		for (; cpu <= last; cpu++)
			cpus |= 1ULL << cpu;
		list = *at == ',' ? at + 1 : at;
	}
	return cpus;
}

static uint64_t shielded(void)
{
	char text[256] = "";
	int fd = open(SHIELDED, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return ~0ULL;
	close(fd);
	return cpus_in(text);
}

static bool fdinfo_has(int fd, const char *line)
{
	char path[64], text[1024] = "";
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0 || read(info, text, sizeof(text) - 1) < 0)
		return false;
	close(info);
	return strstr(text, line);
}

/* All CPUs are planned, those in @mask shielded. */
static int plan_shield(int fd, uint64_t mask)
{
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, KRUN_PLAN_SHIELD);

	plan.shield = (uintptr_t)&mask;
	plan.shield_size = sizeof(mask);
	return krun_set_plan(fd, &plan);
}

TEST_F(permission, a_shield_keeps_others_off)
{
	int other = krun_open();
	const struct krun_slot *slots = krun_map(other);
	struct reading reading;

	if (online_cpus() < 2)
		SKIP(return, "one CPU only");
	ASSERT_NE(NULL, slots);
	if (krun_has_calls())
		ASSERT_EQ(0, krun_configure(2));
	ASSERT_EQ(0, krun_plan_all(other, THREE_COUNTERS, 0));
	EXPECT_EQ(0, shielded());
	ASSERT_EQ(0, plan_shield(self->fd, 2));
	EXPECT_EQ(2, shielded());
	EXPECT_TRUE(fdinfo_has(self->fd, "krun_shield:\t1\n"));
	EXPECT_TRUE(fdinfo_has(self->fd, "krun_counters:\t0x7\n"));

	ASSERT_EQ(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, self->slots[1].status);
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_SHIELDED, slots[1].status);
	EXPECT_EQ(0, slots[1].valid);
	EXPECT_EQ(0, slots[1].aperf);
	EXPECT_EQ(KRUN_STATUS_OK, slots[0].status);
	EXPECT_EQ(slots[0].sample, slots[1].sample);
	ASSERT_EQ(0, krun_sample(other, KRUN_SAMPLE_RENDEZVOUS));
	EXPECT_EQ(KRUN_STATUS_SHIELDED, slots[1].status);
	if (krun_has_calls()) {
		EXPECT_EQ(-EBUSY, krun_read(2, false, &reading));
		EXPECT_EQ(0, krun_read(1, false, &reading));
	}
	/* Whoever runs there interrupts nobody. */
	ASSERT_EQ(0, pin_to(1));
	ASSERT_EQ(1, krun_sample(other, KRUN_SAMPLE_LOCAL));
	EXPECT_EQ(KRUN_STATUS_OK, slots[1].status);
	ASSERT_EQ(0, pin_to(0));

	/* The next plan ends it, and so does the end of the file. */
	ASSERT_EQ(0, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	EXPECT_EQ(0, shielded());
	ASSERT_EQ(0, krun_sample(other, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slots[1].status);
	ASSERT_EQ(0, plan_shield(self->fd, 3));
	EXPECT_EQ(3, shielded());
	ASSERT_EQ(0, munmap((void *)self->slots, krun_slots_size()));
	close(self->fd);
	EXPECT_EQ(0, shielded());
	if (krun_has_calls())
		EXPECT_EQ(0, krun_read(2, false, &reading));
	close(other);
}

TEST_F(permission, idle_snapshots_pass_a_shield)
{
	int other = krun_open(), i, idle = 0;
	const struct krun_slot *slots = krun_map(other);

	if (online_cpus() < 2)
		SKIP(return, "one CPU only");
	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_plan_all(other, THREE_COUNTERS,
				   KRUN_SAMPLE_IDLE_SNAPSHOT));
	ASSERT_EQ(0, krun_sample(other, 0));
	ASSERT_EQ(0, plan_shield(self->fd, 2));
	for (i = 0; i < 20; i++) {
		usleep(20000);
		ASSERT_EQ(0, krun_sample(other, 0));
		ASSERT_TRUE(slots[1].status == KRUN_STATUS_IDLE ||
			    slots[1].status == KRUN_STATUS_SHIELDED);
		idle += slots[1].status == KRUN_STATUS_IDLE;
	}
	EXPECT_LT(10, idle);
	close(other);
}

TEST_F(permission, a_cpu_has_one_shield)
{
	int other = krun_open();

	if (online_cpus() < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, krun_plan_all(other, KRUN_COUNTER_MPERF, 0));
	ASSERT_EQ(0, plan_shield(self->fd, 2));
	EXPECT_EQ(-EBUSY, plan_shield(other, 3));
	/* Nothing has changed. */
	EXPECT_EQ(2, shielded());
	EXPECT_TRUE(fdinfo_has(other, "krun_counters:\t0x2\n"));
	EXPECT_EQ(0, plan_shield(other, 1));
	EXPECT_EQ(3, shielded());
	/* One's own can be moved. */
	EXPECT_EQ(-EBUSY, plan_shield(self->fd, 1));
	EXPECT_EQ(0, plan_shield(self->fd, 2));
	close(other);
	EXPECT_EQ(2, shielded());
}

static int shield_as_nobody(void)
{
	if (setuid(NOBODY))
		return 99;
	return -plan_shield(passed_fd, 1);
}

TEST_F(permission, a_shield_needs_more_than_the_descriptor)
{
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, 0);
	uint64_t mask = 1;

	passed_fd = self->fd;
	EXPECT_EQ(EPERM, in_child(shield_as_nobody));
	EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
	plan.shield = (uintptr_t)&mask;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.shield_size = sizeof(mask);
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	EXPECT_EQ(-EINVAL, plan_shield(self->fd, 0));
	EXPECT_EQ(-EINVAL, plan_shield(self->fd, 1ULL << 63));
	plan.flags = KRUN_PLAN_SHIELD;
	plan.shield = 8;
	EXPECT_EQ(-EFAULT, krun_set_plan(self->fd, &plan));
	/* Without a mask, it is the planned CPUs'. */
	plan.shield = 0;
	plan.shield_size = 0;
	plan.cpus = (uintptr_t)&mask;
	plan.cpus_size = sizeof(mask);
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
	EXPECT_EQ(1, shielded());
	EXPECT_EQ(-EINVAL, krun_sample(self->fd, KRUN_PLAN_SHIELD));
}

static uint64_t planned_cpus;

static int event_as_nobody(void)
{
	struct krun_plan plan = krun_plan_of(KRUN_COUNTER_EVENT(0), 0);

	if (planned_cpus) {
		plan.cpus = (uintptr_t)&planned_cpus;
		plan.cpus_size = sizeof(planned_cpus);
	}

	if (setuid(NOBODY))
		return 99;
	return -krun_set_plan(passed_fd, &plan);
}

/* The open file stands for the usual counters alone. */
TEST_F(permission, events_of_ones_own_need_what_perf_asks_for)
{
	passed_fd = self->fd;
	ASSERT_LT(0, read_number("/proc/sys/kernel/perf_event_paranoid"));
	EXPECT_EQ(EACCES, in_child(event_as_nobody));
	EXPECT_EQ(0, in_child(plan_as_nobody));
	/* Also of a CPU for which perf is not asked yet. */
	planned_cpus = 1ULL << (online_cpus() - 1);
	if (planned_cpus == 1 || set_cpu_online(online_cpus() - 1, false))
		return;
	EXPECT_EQ(EACCES, in_child(event_as_nobody));
	EXPECT_EQ(0, set_cpu_online(sysconf(_SC_NPROCESSORS_CONF) - 1, true));
}

TEST_HARNESS_MAIN
