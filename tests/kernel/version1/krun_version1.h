/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The declarations of <linux/krun.h> as they were when version 1 was frozen, for
 * version1.c. They never change, whatever becomes of that header, which says what they
 * mean.
 */
#ifndef _UAPI_LINUX_KRUN_H
#define _UAPI_LINUX_KRUN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KRUN_VERSION	1

#ifndef __KERNEL__
#define SYSCALL_KRUN_SAMPLE	903
#ifndef __NR_krun_sample
#define __NR_krun_sample	SYSCALL_KRUN_SAMPLE
#endif
#endif

#define KRUN_COUNTER_APERF		(1U << 0)
#define KRUN_COUNTER_MPERF		(1U << 1)
#define KRUN_COUNTER_CYCLES		(1U << 2)
#define KRUN_COUNTER_INSTRUCTIONS	(1U << 3)
#define KRUN_COUNTER_SMI		(1U << 5)
#define KRUN_COUNTER_INTERRUPTS		(1U << 6)
#define KRUN_COUNTER_SWITCHES		(1U << 7)
#define KRUN_COUNTER_THERMAL		(1U << 8)
#define KRUN_COUNTER_PACKAGE_THERMAL	(1U << 9)
#define KRUN_COUNTER_EVENT(n)		(1U << (16 + (n)))

#define KRUN_EVENTS_OF_PLAN		4

#define KRUN_SAMPLE_LOCAL		(1U << 0)
#define KRUN_SAMPLE_RENDEZVOUS		(1U << 1)
#define KRUN_SAMPLE_SKIP_NOHZ_FULL	(1U << 2)
#define KRUN_SAMPLE_IDLE_SNAPSHOT	(1U << 3)
#define KRUN_PLAN_SHIELD		(1U << 16)

struct krun_event {
	__u32 type;
	__u32 reserved;
	__u64 config;
};

struct krun_plan {
	__u32 flags;
	__u32 counters;
	__u64 cpus;
	__u64 shield;
	__u32 cpus_size;
	__u32 shield_size;
	struct krun_event events[KRUN_EVENTS_OF_PLAN];
};

#define KRUN_FEATURE_VECTOR		(1U << 0)
#define KRUN_FEATURE_MODULE		(1U << 1)
#define KRUN_FEATURE_TSC_STABLE		(1U << 2)
#define KRUN_FEATURE_NO_GUEST		(1U << 3)
#define KRUN_FEATURE_SEALED		(1U << 4)

struct krun_info {
	__u32 version;
	__u32 features;
	__u32 flags;
	__u32 counters;
	__u32 cpus;
	__u32 slot_size;
	__u32 tsc_khz;
	__u32 counter_bits;
};

enum krun_status {
	KRUN_STATUS_EMPTY,
	KRUN_STATUS_OK,
	KRUN_STATUS_IDLE,
	KRUN_STATUS_OFFLINE,
	KRUN_STATUS_UNSUPPORTED,
	KRUN_STATUS_BUSY,
	KRUN_STATUS_SKIPPED,
	KRUN_STATUS_SHIELDED,
};

#define KRUN_SLOT_LATE	(1U << 0)

struct krun_slot {
	__u32 sequence;
	__u32 cpu;
	__u16 status;
	__u16 flags;
	__u32 valid;
	__u32 sample;
	__u32 epoch;
	__u32 span;
	__u32 reserved0;
	__u64 tsc;
	__u64 aperf;
	__u64 mperf;
	__u64 cycles;
	__u64 instructions;
	__u32 smi;
	__u32 switches;
	__u32 irq_timer;
	__u32 irq_reschedule;
	__u32 irq_call;
	__u32 irq_device;
	__u32 irq_nmi;
	__u32 irq_other;
	__u32 thermal;
	__u32 package_thermal;
	__u32 own;
	__u32 reserved1[3];
	__u64 events[KRUN_EVENTS_OF_PLAN];
	__u64 reserved2[12];
} __attribute__((aligned(128)));

#define KRUN_IOC_SAMPLE	_IO(0xDE, 0x00)
#define KRUN_IOC_PLAN	_IOW(0xDE, 0x01, struct krun_plan)
#define KRUN_IOC_INFO	_IOR(0xDE, 0x02, struct krun_info)
#define KRUN_IOC_SEAL	_IO(0xDE, 0x03)

#endif
