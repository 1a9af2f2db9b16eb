/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the selftests of /dev/krun. */
#ifndef _KRUN_DEVICE_H
#define _KRUN_DEVICE_H

#include "krun_selftest.h"
#include <stddef.h>
#include <sys/ioctl.h>
#include "uapi/linux/krun.h"

#define THREE_COUNTERS							\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES)
/* Whatever a snapshot of an idle CPU can have. */
#define IDLE_COUNTERS							\
	(THREE_COUNTERS | KRUN_COUNTER_INSTRUCTIONS |			\
	 KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_SWITCHES)
/* Only Intel's CPUs count SMIs. */
#define ALL_COUNTERS (IDLE_COUNTERS | krun_smi_counter())

static inline int krun_open_as(int mode)
{
	int fd = open("/dev/krun", mode | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int krun_open(void)
{
	return krun_open_as(O_RDWR);
}

static inline uint32_t krun_smi_counter(void)
{
	struct krun_info info = { .counters = 0 };
	int fd = krun_open();

	ioctl(fd, KRUN_IOC_INFO, &info);
	close(fd);
	return info.counters & KRUN_COUNTER_SMI;
}

/* Of every possible CPU. */
static inline struct krun_plan krun_plan_of(uint32_t counters,
					    unsigned int flags)
{
	return (struct krun_plan) {
		.flags = flags,
		.counters = counters,
	};
}

static inline int krun_set_plan(int fd, const struct krun_plan *plan)
{
	return krun_result(ioctl(fd, KRUN_IOC_PLAN, plan));
}

static inline int krun_plan_all(int fd, uint32_t counters, unsigned int flags)
{
	struct krun_plan plan = krun_plan_of(counters, flags);

	return krun_set_plan(fd, &plan);
}

/* @mask has one bit for each of the first 64 CPUs. */
static inline int krun_plan_mask(int fd, uint64_t mask, uint32_t counters,
				 unsigned int flags)
{
	struct krun_plan plan = krun_plan_of(counters, flags);

	plan.cpus = (uintptr_t)&mask;
	plan.cpus_size = sizeof(mask);
	return krun_set_plan(fd, &plan);
}

/* The module has the device, and none of the system calls. */
static inline bool krun_has_calls(void)
{
	return syscall(SYSCALL_KRUN_SAMPLE, -1, 0) >= 0 || errno != ENOSYS;
}

static inline int krun_sample(int fd, unsigned int flags)
{
	int ret = krun_result(syscall(SYSCALL_KRUN_SAMPLE, fd, flags));

	if (ret == -ENOSYS)
		ret = krun_result(ioctl(fd, KRUN_IOC_SAMPLE, flags));
	return ret;
}

static inline size_t krun_slots_size(void)
{
	return sysconf(_SC_NPROCESSORS_CONF) * sizeof(struct krun_slot);
}

/* NULL when it fails. */
static inline const struct krun_slot *krun_map(int fd)
{
	void *slots = mmap(NULL, krun_slots_size(), PROT_READ, MAP_SHARED, fd,
			   0);

	return slots == MAP_FAILED ? NULL : slots;
}

/*
 * The three counters of the first @n CPUs, by the older calls where there are
 * any, otherwise by a plan. One such user a process.
 */
static int krun_counted = -1;

static inline int count_cpus(int n)
{
	if (krun_has_calls())
		return krun_configure(n);
	if (krun_counted < 0)
		krun_counted = krun_open();
	return krun_plan_mask(krun_counted, (1ULL << n) - 1, THREE_COUNTERS, 0);
}

static inline int read_cpus(int n, struct reading *reading)
{
	const struct krun_slot *slots;
	int cpu, ret;

	if (krun_has_calls())
		return krun_read(n, false, reading);
	slots = krun_map(krun_counted);
	ret = slots ? krun_sample(krun_counted, 0) : -ENOMEM;
	for (cpu = 0; ret >= 0 && cpu < n; cpu++) {
		if (slots[cpu].status != KRUN_STATUS_OK)
			ret = -EBUSY;
		reading->aperf[cpu] = slots[cpu].aperf;
		reading->mperf[cpu] = slots[cpu].mperf;
		reading->cycles[cpu] = slots[cpu].cycles;
	}
	munmap((void *)slots, krun_slots_size());
	return ret < 0 ? ret : 0;
}

/* The time stamp after the last counter was read. */
static inline uint64_t tsc_after(const struct krun_slot *slot)
{
	return slot->tsc + slot->span;
}

static inline bool has_values(const struct krun_slot *slot)
{
	return slot->status == KRUN_STATUS_OK ||
	       slot->status == KRUN_STATUS_IDLE;
}

/* @a is @b, give or take 2 percent and @ticks. */
#define EXPECT_NEAR(a, b, ticks)					\
	do {								\
		uint64_t near_a = (a), near_b = (b);			\
		uint64_t margin = near_b / 50 + (ticks);		\
									\
		EXPECT_LT(0, near_b);					\
		EXPECT_GT(near_b + margin, near_a);			\
		EXPECT_LT(near_b, near_a + margin);			\
	} while (0)

/* Copy a slot that is not torn; false if that never succeeded. */
static inline bool krun_copy_slot(const struct krun_slot *slot,
				  struct krun_slot *copy)
{
	int tries = 1000000;

	while (tries--) {
		uint32_t before = __atomic_load_n(&slot->sequence,
						  __ATOMIC_ACQUIRE);

		memcpy(copy, slot, sizeof(*copy));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(before & 1) &&
		    before == __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

#endif /* _KRUN_DEVICE_H */
