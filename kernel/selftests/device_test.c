// SPDX-License-Identifier: GPL-2.0-only
/* /dev/krun: what a plan may say, and what it leaves when another one comes. */
#include "krun_device.h"
#include "kselftest_harness.h"

#define UNKNOWN_COUNTER (1U << 30)
#define UNKNOWN_FLAG (1U << 30)

FIXTURE(device)
{
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = krun_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

TEST_F(device, no_plan_is_enodata)
{
	EXPECT_EQ(-ENODATA, krun_sample(self->fd, 0));
	EXPECT_EQ(-ENODATA, krun_sample(self->fd, KRUN_SAMPLE_LOCAL));
	EXPECT_EQ(-ENODATA, krun_result(ioctl(self->fd, KRUN_IOC_SAMPLE, 0)));
}

TEST_F(device, wrong_descriptors_are_ebadf)
{
	int pipes[2], foreign = krun_has_calls() ? -EBADF : -ENOTTY;

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EBADF, krun_sample(-1, 0));
	EXPECT_EQ(-EBADF, krun_sample(1000, 0));
	EXPECT_EQ(foreign, krun_sample(pipes[0], 0));
	EXPECT_EQ(-ENOTTY, krun_result(ioctl(self->fd, 0x12345678, 0)));
	EXPECT_EQ(-ENOTTY, krun_result(ioctl(self->fd, _IO(0xDE, 4), 0)));
}

TEST_F(device, wrong_flags_and_counters_are_einval)
{
	int fd = self->fd;

	EXPECT_EQ(-EINVAL, krun_plan_all(fd, THREE_COUNTERS, UNKNOWN_FLAG));
	EXPECT_EQ(-EINVAL, krun_plan_all(fd, UNKNOWN_COUNTER, 0));
	EXPECT_EQ(-EINVAL, krun_plan_all(fd, 0, 0));
	EXPECT_EQ(-ENODATA, krun_sample(fd, 0));
	ASSERT_EQ(0, krun_plan_all(fd, THREE_COUNTERS, 0));
	EXPECT_EQ(-EINVAL, krun_sample(fd, UNKNOWN_FLAG));
	EXPECT_EQ(-EINVAL, krun_sample(fd, KRUN_SAMPLE_IDLE_SNAPSHOT));
	EXPECT_EQ(-EINVAL, krun_result(ioctl(fd, KRUN_IOC_SAMPLE,
					     UNKNOWN_FLAG)));
	EXPECT_EQ(-EINVAL, krun_result(ioctl(fd, KRUN_IOC_SAMPLE,
					     1UL << 32)));
	EXPECT_LE(0, krun_sample(fd, 0));
}

/* KRUN_IOC_PLAN or KRUN_IOC_INFO of a program whose structure has another size. */
static int ioctl_of_size(int fd, unsigned int command, size_t size, void *data)
{
	return krun_result(ioctl(fd, _IOC(_IOC_DIR(command), _IOC_TYPE(command),
					  _IOC_NR(command), size), data));
}

TEST_F(device, a_structure_may_have_another_size)
{
	struct {
		struct krun_plan plan;
		uint64_t later;
	} argument = { .plan = krun_plan_of(THREE_COUNTERS, 0) };
	int fd = self->fd;

	EXPECT_EQ(0, ioctl_of_size(fd, KRUN_IOC_PLAN, sizeof(argument),
				   &argument));
	argument.later = 1;
	EXPECT_EQ(-E2BIG, ioctl_of_size(fd, KRUN_IOC_PLAN, sizeof(argument),
					&argument));
	/* The fields that are missing are 0, whatever is behind them. */
	argument.plan.cpus_size = 1 << 20;
	EXPECT_EQ(0, ioctl_of_size(fd, KRUN_IOC_PLAN, 24, &argument));
	EXPECT_LE(0, krun_sample(fd, 0));
	EXPECT_EQ(-EINVAL, ioctl_of_size(fd, KRUN_IOC_PLAN, 4, &argument));
	EXPECT_EQ(-EINVAL, ioctl_of_size(fd, KRUN_IOC_PLAN, 0, &argument));
	EXPECT_EQ(-EINVAL, ioctl_of_size(fd, KRUN_IOC_PLAN, 96, &argument));
}

TEST_F(device, numbers_and_layout_are_those_of_version_1)
{
	EXPECT_EQ(0xDE00, KRUN_IOC_SAMPLE);
	EXPECT_EQ(0x4060DE01, KRUN_IOC_PLAN);
	EXPECT_EQ(0x8020DE02, KRUN_IOC_INFO);
	EXPECT_EQ(0xDE03, KRUN_IOC_SEAL);
	EXPECT_EQ(96, sizeof(struct krun_plan));
	EXPECT_EQ(32, sizeof(struct krun_info));
	EXPECT_EQ(256, sizeof(struct krun_slot));
	EXPECT_EQ(8, offsetof(struct krun_slot, status));
	EXPECT_EQ(16, offsetof(struct krun_slot, sample));
	EXPECT_EQ(32, offsetof(struct krun_slot, tsc));
	EXPECT_EQ(72, offsetof(struct krun_slot, smi));
	EXPECT_EQ(80, offsetof(struct krun_slot, irq_timer));
	EXPECT_EQ(104, offsetof(struct krun_slot, thermal));
	EXPECT_EQ(112, offsetof(struct krun_slot, own));
	EXPECT_EQ(128, offsetof(struct krun_slot, events));
	EXPECT_EQ(32, offsetof(struct krun_plan, events));
}

TEST_F(device, wrong_cpu_masks_are_einval)
{
	uint64_t big[1024] = { 1 };
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, 0);

	EXPECT_EQ(-EINVAL, krun_plan_mask(self->fd, 0, THREE_COUNTERS, 0));
	EXPECT_EQ(-EINVAL,
		  krun_plan_mask(self->fd, 1ULL << 63, THREE_COUNTERS, 0));
	plan.cpus = (uintptr_t)big;
	plan.cpus_size = sizeof(big); /* more than a page */
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	plan.cpus_size = 1024;
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
	big[100] = 1;
	EXPECT_EQ(-EINVAL, krun_set_plan(self->fd, &plan));
	/* A mask may be as small as a byte. */
	plan.cpus_size = 1;
	EXPECT_EQ(0, krun_set_plan(self->fd, &plan));
}

TEST_F(device, bad_pointers_are_efault)
{
	struct krun_plan plan = krun_plan_of(THREE_COUNTERS, 0);
	int fd = self->fd;

	EXPECT_EQ(-EFAULT, krun_result(ioctl(fd, KRUN_IOC_PLAN, 8)));
	EXPECT_EQ(-EFAULT, krun_result(ioctl(fd, KRUN_IOC_INFO, 8)));
	plan.cpus = 8;
	plan.cpus_size = 8;
	EXPECT_EQ(-EFAULT, krun_set_plan(fd, &plan));
	EXPECT_EQ(-ENODATA, krun_sample(fd, 0));
}

TEST_F(device, info_tells_what_there_is)
{
	struct {
		struct krun_info info;
		uint64_t later;
	} answer = { .later = ~0ULL };
	struct krun_info *info = &answer.info;

	ASSERT_EQ(0, krun_result(ioctl(self->fd, KRUN_IOC_INFO, info)));
	EXPECT_EQ(~0ULL, answer.later);
	ASSERT_EQ(0, ioctl_of_size(self->fd, KRUN_IOC_INFO, sizeof(answer),
				   info));
	EXPECT_EQ(0, answer.later);
	EXPECT_EQ(KRUN_VERSION, info->version);
	EXPECT_EQ(KRUN_FEATURE_TSC_STABLE |
		  (krun_has_calls() ? 0 : KRUN_FEATURE_MODULE),
		  info->features & ~(KRUN_FEATURE_NO_GUEST | KRUN_FEATURE_VECTOR));
	/* The module has no vector; a patched kernel may have one. */
	EXPECT_TRUE(krun_has_calls() || !(info->features & KRUN_FEATURE_VECTOR));
	EXPECT_EQ(THREE_COUNTERS, info->counters & THREE_COUNTERS);
	EXPECT_EQ(0, info->counters & ~(IDLE_COUNTERS | KRUN_COUNTER_SMI |
					KRUN_COUNTER_THERMAL |
					KRUN_COUNTER_PACKAGE_THERMAL));
	EXPECT_EQ(sizeof(struct krun_slot), info->slot_size);
	EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), info->cpus);
	EXPECT_LT(0, info->tsc_khz);
	EXPECT_LE(32, info->counter_bits);
	EXPECT_GE(64, info->counter_bits);
	/* Everything that it reports can be planned. */
	EXPECT_EQ(0, krun_plan_all(self->fd, info->counters, info->flags));
	info->cpus = 12345;
	ASSERT_EQ(0, ioctl_of_size(self->fd, KRUN_IOC_INFO, 16, info));
	EXPECT_EQ(12345, info->cpus);
}

TEST_F(device, slots_can_only_be_read)
{
	size_t size = krun_slots_size();
	const struct krun_slot *slots;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EACCES, errno);
	slots = krun_map(self->fd);
	ASSERT_NE(NULL, slots);
	EXPECT_NE(0, mprotect((void *)slots, size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd,
				   1 << 20));
	EXPECT_EQ(MAP_FAILED, mremap((void *)slots, size, 1 << 20,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, slots[0].sequence);
	EXPECT_EQ(0, ((uintptr_t)slots) % sizeof(*slots));
}

/* The last CPU has no cycle counter left; that of instructions it has already. */
TEST_F(device, a_failed_plan_leaves_the_one_before)
{
	const struct krun_slot *slots = krun_map(self->fd);
	int last = online_cpus() - 1;
	int fds[MAX_EVENTS], before, taken;

	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_plan_all(self->fd, KRUN_COUNTER_INSTRUCTIONS, 0));
	before = free_counters();
	taken = take_cycles_counters(last, fds);
	ASSERT_LT(0, taken);
	EXPECT_EQ(-EBUSY, krun_plan_all(self->fd, THREE_COUNTERS, 0));
	EXPECT_EQ(-EBUSY, krun_plan_all(self->fd, ALL_COUNTERS,
					KRUN_SAMPLE_IDLE_SNAPSHOT));
	EXPECT_LE(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slots[last].status);
	EXPECT_LT(0, slots[last].instructions);
	EXPECT_EQ(0, slots[last].cycles);
	if (last)
		EXPECT_EQ(before, free_counters());
	give_back(fds, taken);
	EXPECT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
}

TEST_F(device, a_new_plan_leaves_nothing_of_the_one_before)
{
	const struct krun_slot *slots = krun_map(self->fd);
	int last = online_cpus() - 1;

	ASSERT_NE(NULL, slots);
	ASSERT_EQ(0, krun_plan_all(self->fd, ALL_COUNTERS, 0));
	ASSERT_LE(0, krun_sample(self->fd, 0));
	EXPECT_LT(0, slots[0].instructions);
	ASSERT_EQ(0, krun_plan_mask(self->fd, 1, KRUN_COUNTER_MPERF, 0));
	EXPECT_EQ(0, slots[0].aperf);
	EXPECT_EQ(0, slots[0].instructions);
	EXPECT_EQ(KRUN_STATUS_EMPTY, slots[0].status);
	EXPECT_EQ(0, slots[0].valid);
	ASSERT_LE(0, krun_sample(self->fd, 0));
	EXPECT_EQ(KRUN_STATUS_OK, slots[0].status);
	EXPECT_EQ(0, slots[0].aperf);
	EXPECT_LT(0, slots[0].mperf);
	EXPECT_EQ(0, slots[0].cycles);
	if (last) {
		EXPECT_EQ(KRUN_STATUS_EMPTY, slots[last].status);
		EXPECT_EQ(0, slots[last].mperf);
	}
}

TEST_HARNESS_MAIN
