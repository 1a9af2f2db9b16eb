/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * /dev/krun: samples of the performance counters of many CPUs at once.
 *
 * Open the device, plan with KRUN_IOC_PLAN what to sample, mmap() the slots, and
 * call krun_sample(2) as often as you like: every planned CPU writes its own
 * slot. See krun(4) and krun_sample(2).
 */
#ifndef _UAPI_LINUX_KRUN_H
#define _UAPI_LINUX_KRUN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifndef __KERNEL__
#define SYSCALL_KRUN_SAMPLE	903
#ifndef __NR_krun_sample
#define __NR_krun_sample	SYSCALL_KRUN_SAMPLE
#endif
#endif

/**
 * DOC: counters
 *
 * All values are 64 bits wide and only grow while the CPU stays online.
 *
 * KRUN_COUNTER_APERF: IA32_APERF, counts at the actual frequency, in C0 only
 * (SDM volume 3, "Hardware Feedback: IA32_APERF and IA32_MPERF").
 *
 * KRUN_COUNTER_MPERF: IA32_MPERF, counts at the TSC's frequency, in C0 only.
 *
 * KRUN_COUNTER_CYCLES: core cycles while not halted, user and kernel mode.
 *
 * KRUN_COUNTER_INSTRUCTIONS: instructions retired, user and kernel mode.
 *
 * KRUN_COUNTER_REF_CYCLES: cycles at the reference frequency while not halted.
 *
 * KRUN_COUNTER_SMI: MSR_SMI_COUNT, system-management interrupts since reset.
 * Bits 63:32 of the MSR are reserved and read as zero.
 *
 * Core cycles, instructions and reference cycles are borrowed from perf. They
 * count from an arbitrary start, and restart from 0 after a time without users.
 */
#define KRUN_COUNTER_APERF		(1ULL << 0)
#define KRUN_COUNTER_MPERF		(1ULL << 1)
#define KRUN_COUNTER_CYCLES		(1ULL << 2)
#define KRUN_COUNTER_INSTRUCTIONS	(1ULL << 3)
#define KRUN_COUNTER_REF_CYCLES		(1ULL << 4)
#define KRUN_COUNTER_SMI		(1ULL << 5)

/**
 * DOC: flags
 *
 * Given in a plan, for all of its samples, or with one krun_sample().
 *
 * KRUN_SAMPLE_LOCAL: sample only the CPU that the caller runs on.
 *
 * KRUN_SAMPLE_RENDEZVOUS: the CPUs wait for each other and start to read at a
 * common time stamp. They wait at most 50 us; a late CPU reads anyway, and its
 * slot has KRUN_SLOT_LATE.
 *
 * KRUN_SAMPLE_SKIP_NOHZ_FULL: adaptive-tick CPUs other than the caller's own
 * are not interrupted; their slots have KRUN_STATUS_SKIPPED.
 *
 * KRUN_SAMPLE_IDLE_SNAPSHOT: do not wake idle CPUs. The counters of an idle CPU
 * stand still, so what it read on entering idle is its reading; its slot has
 * KRUN_STATUS_IDLE. For plans only.
 */
#define KRUN_SAMPLE_LOCAL		(1U << 0)
#define KRUN_SAMPLE_RENDEZVOUS		(1U << 1)
#define KRUN_SAMPLE_SKIP_NOHZ_FULL	(1U << 2)
#define KRUN_SAMPLE_IDLE_SNAPSHOT	(1U << 3)

/**
 * struct krun_plan - argument of KRUN_IOC_PLAN
 * @size:	sizeof(struct krun_plan)
 * @flags:	KRUN_SAMPLE_* that apply to every sample
 * @counters:	KRUN_COUNTER_* to read; at least one
 * @cpus:	address of a CPU mask as sched_setaffinity(2) takes it
 * @cpus_size:	size of that mask in bytes; 0 plans every possible CPU
 * @reserved:	0
 *
 * The plan takes its counters, or fails and leaves the previous plan in force.
 * CPUs may be offline; they are sampled once they come online.
 *
 * Errors: EINVAL (size, flags, counters, no CPU or an impossible one), E2BIG (a
 * later version's field is not 0), EFAULT, EOPNOTSUPP (an online CPU has no such
 * counter; the kernel's log says which), EBUSY (all hardware counters are
 * taken), ENOMEM, EINTR.
 */
struct krun_plan {
	__u32 size;
	__u32 flags;
	__u64 counters;
	__u64 cpus;
	__u32 cpus_size;
	__u32 reserved;
};

#define KRUN_PLAN_SIZE_VER0	32

/**
 * struct krun_info - argument of KRUN_IOC_INFO
 * @size:	in: sizeof(struct krun_info); out: the kernel's size
 * @flags:	KRUN_SAMPLE_* that this kernel knows
 * @counters:	KRUN_COUNTER_* that the caller's CPU has
 * @cpus:	number of slots: one for each possible CPU
 * @slot_size:	sizeof(struct krun_slot)
 * @tsc_khz:	frequency of the time stamp counter in kHz
 * @counter_bits: width in bits of the hardware's counters of cycles,
 *		instructions and reference cycles; 0 if there are none
 *
 * Errors: EINVAL (size), EFAULT.
 */
struct krun_info {
	__u32 size;
	__u32 flags;
	__u64 counters;
	__u32 cpus;
	__u32 slot_size;
	__u32 tsc_khz;
	__u32 counter_bits;
};

#define KRUN_INFO_SIZE_VER0	32

/**
 * enum krun_status - where a slot's values come from
 * @KRUN_STATUS_EMPTY:	not sampled by the plan in force
 * @KRUN_STATUS_OK:	read by the CPU itself during the sample
 * @KRUN_STATUS_IDLE:	read by the CPU itself when it entered idle; it is still
 *			idle (KRUN_SAMPLE_IDLE_SNAPSHOT)
 * @KRUN_STATUS_OFFLINE: the CPU is offline; the values are 0
 * @KRUN_STATUS_UNSUPPORTED: the CPU, which came online after the plan was made,
 *			has no such counter; the values are 0
 * @KRUN_STATUS_BUSY:	perf has no hardware counter left for a planned counter;
 *			the values are 0
 * @KRUN_STATUS_SKIPPED: not interrupted (KRUN_SAMPLE_SKIP_NOHZ_FULL); the
 *			values are 0
 */
enum krun_status {
	KRUN_STATUS_EMPTY,
	KRUN_STATUS_OK,
	KRUN_STATUS_IDLE,
	KRUN_STATUS_OFFLINE,
	KRUN_STATUS_UNSUPPORTED,
	KRUN_STATUS_BUSY,
	KRUN_STATUS_SKIPPED,
};

/* This CPU did not start at the common time stamp of a rendezvous. */
#define KRUN_SLOT_LATE	(1U << 0)

/**
 * struct krun_slot - the latest sample of one CPU
 * @sequence:	odd while the slot is being written
 * @cpu:	number of the CPU
 * @status:	enum krun_status
 * @flags:	KRUN_SLOT_*
 * @tsc_before:	time stamp counter before the first counter was read
 * @aperf:	see KRUN_COUNTER_APERF; like all counters, 0 if not planned
 * @mperf:	see KRUN_COUNTER_MPERF
 * @cycles:	see KRUN_COUNTER_CYCLES
 * @instructions: see KRUN_COUNTER_INSTRUCTIONS
 * @ref_cycles:	see KRUN_COUNTER_REF_CYCLES
 * @smi_count:	see KRUN_COUNTER_SMI
 * @tsc_after:	time stamp counter after the last counter was read
 * @reserved:	0
 *
 * Slot i of the mapping is CPU i's. When krun_sample() returns, all slots of the
 * plan are written. If others may be sampling the same file, load @sequence
 * before and after reading: if it was odd or has changed, the values are torn.
 */
struct krun_slot {
	__u32 sequence;
	__u32 cpu;
	__u32 status;
	__u32 flags;
	__u64 tsc_before;
	__u64 aperf;
	__u64 mperf;
	__u64 cycles;
	__u64 instructions;
	__u64 ref_cycles;
	__u64 smi_count;
	__u64 tsc_after;
	__u64 reserved[6];
} __attribute__((aligned(128)));

/*
 * The numbers do not encode the sizes of the structures, which may grow. The
 * argument of KRUN_IOC_SAMPLE is the flags themselves.
 */
#define KRUN_IOC_PLAN	_IO(0xBA, 0x00)
#define KRUN_IOC_INFO	_IO(0xBA, 0x01)
#define KRUN_IOC_SAMPLE	_IO(0xBA, 0x02)

#endif /* _UAPI_LINUX_KRUN_H */
