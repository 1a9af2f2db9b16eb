/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * /dev/krun, version 1: samples of the performance counters of many CPUs at once.
 *
 * Open the device for reading and writing, plan with KRUN_IOC_PLAN what to
 * sample, mmap() the slots, and call krun_sample(2) as often as you like: every
 * planned CPU writes its own slot. See krun(4) and krun_sample(2).
 *
 * Structures may grow. The slots of a later kernel may be larger: slot i begins
 * at i times krun_info.slot_size.
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

/**
 * DOC: counters
 *
 * A bit each in krun_plan.counters, krun_info.counters and krun_slot.valid.
 *
 * KRUN_COUNTER_APERF: IA32_APERF, counts at the actual frequency, in C0 only
 * (SDM volume 3, "Hardware Feedback: IA32_APERF and IA32_MPERF"). 64 bits.
 *
 * KRUN_COUNTER_MPERF: IA32_MPERF, counts at the TSC's frequency, in C0 only.
 *
 * KRUN_COUNTER_CYCLES: core cycles while not halted, user and kernel mode. Takes
 * one hardware counter a CPU from perf, which all plans share.
 *
 * KRUN_COUNTER_INSTRUCTIONS: instructions retired, user and kernel mode. Takes one
 * hardware counter, too.
 *
 * KRUN_COUNTER_SMI: MSR_SMI_COUNT (34H), system-management interrupts since
 * reset. Intel only.
 *
 * KRUN_COUNTER_INTERRUPTS: interrupts by kind, as /proc/interrupts counts them,
 * and Krun's own (krun_slot.own). 32 bits, which wrap.
 *
 * KRUN_COUNTER_SWITCHES: context switches while a plan asks for them. 32 bits,
 * which wrap.
 *
 * KRUN_COUNTER_THERMAL, KRUN_COUNTER_PACKAGE_THERMAL: bits 31:0 of
 * IA32_THERM_STATUS (19CH) and IA32_PACKAGE_THERM_STATUS (1B1H) as they are. The
 * kernel clears their log bits. Intel only.
 *
 * KRUN_COUNTER_EVENT(n): krun_plan.events[n], n from 0 to 3. Each takes one
 * hardware counter of each planned CPU, for this plan alone.
 *
 * Bits 4 and 10 stay unused.
 */
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

/**
 * DOC: flags
 *
 * Given in a plan, for all of its samples, or with one krun_sample().
 *
 * KRUN_SAMPLE_LOCAL: sample only the CPU that the caller runs on.
 *
 * KRUN_SAMPLE_RENDEZVOUS: the CPUs wait for each other and start to read at a
 * common time stamp. They wait at most 50 us; a CPU that is late, or whose TSC is
 * more than 2 us behind the caller's, reads at once, and its slot has
 * KRUN_SLOT_LATE.
 *
 * KRUN_SAMPLE_SKIP_NOHZ_FULL: adaptive-tick CPUs other than the caller's own
 * are not interrupted; their slots have KRUN_STATUS_SKIPPED.
 *
 * KRUN_SAMPLE_IDLE_SNAPSHOT: do not wake idle CPUs. The counters of an idle CPU
 * stand still, so what it read on entering idle is its reading; its slot has
 * KRUN_STATUS_IDLE, and neither SMI nor thermal status. A plan with events of its
 * own wakes them all the same. For plans only.
 *
 * KRUN_PLAN_SHIELD: only this file's samples, and those that need no interrupt,
 * may disturb the CPUs in krun_plan.shield, until the next plan or close. For
 * plans only.
 */
#define KRUN_SAMPLE_LOCAL		(1U << 0)
#define KRUN_SAMPLE_RENDEZVOUS		(1U << 1)
#define KRUN_SAMPLE_SKIP_NOHZ_FULL	(1U << 2)
#define KRUN_SAMPLE_IDLE_SNAPSHOT	(1U << 3)
#define KRUN_PLAN_SHIELD		(1U << 16)

/**
 * struct krun_event - an event of a plan's own
 * @type:	as in struct perf_event_attr; of the PMU that counts core cycles
 * @reserved:	0
 * @config:	as in struct perf_event_attr
 */
struct krun_event {
	__u32 type;
	__u32 reserved;
	__u64 config;
};

/**
 * struct krun_plan - argument of KRUN_IOC_PLAN
 * @flags:	KRUN_SAMPLE_* that apply to every sample, KRUN_PLAN_*
 * @counters:	KRUN_COUNTER_* to read; at least one
 * @cpus:	address of a CPU mask as sched_setaffinity(2) takes it
 * @shield:	address of another one, for KRUN_PLAN_SHIELD; otherwise 0
 * @cpus_size:	size of the mask @cpus in bytes; 0 plans every possible CPU
 * @shield_size: size of the mask @shield in bytes; 0 shields the planned CPUs
 * @events:	those that @counters names; the others are 0
 *
 * The plan takes its counters, or fails and leaves the previous plan in force.
 * All slots are KRUN_STATUS_EMPTY afterwards. CPUs may be offline; they are
 * sampled once they come online.
 *
 * Errors: EPERM (the descriptor is not open for writing, or the plan is sealed;
 * a shield without CAP_PERFMON), EACCES (events of its own, and perf does not let
 * the caller count whole CPUs), EINVAL (flags, counters, no CPU or an impossible
 * one, an event of another PMU), E2BIG (a later version's field is not 0), EFAULT,
 * EOPNOTSUPP (an online CPU has no such counter, the kernel's log says which; or a
 * rendezvous without a stable TSC), EBUSY (all hardware counters are taken; a CPU
 * has another's shield), ENOMEM, EINTR.
 */
struct krun_plan {
	__u32 flags;
	__u32 counters;
	__u64 cpus;
	__u64 shield;
	__u32 cpus_size;
	__u32 shield_size;
	struct krun_event events[KRUN_EVENTS_OF_PLAN];
};

/**
 * DOC: features
 *
 * KRUN_FEATURE_VECTOR: samples have an interrupt vector of their own; otherwise
 * they are function calls.
 *
 * KRUN_FEATURE_MODULE: the device is a module on a kernel that is not patched.
 *
 * KRUN_FEATURE_TSC_STABLE: the kernel trusts the TSC; without it there is no
 * rendezvous.
 *
 * KRUN_FEATURE_NO_GUEST: core cycles, instructions and events do not count the
 * time of virtual machines, which APERF and MPERF do.
 *
 * KRUN_FEATURE_SEALED: the plan of this file is sealed.
 */
#define KRUN_FEATURE_VECTOR		(1U << 0)
#define KRUN_FEATURE_MODULE		(1U << 1)
#define KRUN_FEATURE_TSC_STABLE		(1U << 2)
#define KRUN_FEATURE_NO_GUEST		(1U << 3)
#define KRUN_FEATURE_SEALED		(1U << 4)

/**
 * struct krun_info - argument of KRUN_IOC_INFO
 * @version:	KRUN_VERSION
 * @features:	KRUN_FEATURE_*
 * @flags:	KRUN_SAMPLE_* and KRUN_PLAN_* that this kernel knows
 * @counters:	KRUN_COUNTER_* that the caller's CPU has, without KRUN_COUNTER_EVENT()
 * @cpus:	number of slots: one for each possible CPU
 * @slot_size:	distance of two slots in bytes, a multiple of 128
 * @tsc_khz:	frequency of the time stamp counter in kHz
 * @counter_bits: width in bits of the hardware's counters of cycles,
 *		instructions and events; 0 if there are none
 *
 * Error: EFAULT.
 */
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

/**
 * enum krun_status - where a slot's values come from
 * @KRUN_STATUS_EMPTY:	not sampled by the plan in force
 * @KRUN_STATUS_OK:	read by the CPU itself during the sample; @valid is all that
 *			is planned
 * @KRUN_STATUS_IDLE:	read by the CPU itself when it entered idle; it is still
 *			idle (KRUN_SAMPLE_IDLE_SNAPSHOT)
 * @KRUN_STATUS_OFFLINE: the CPU is offline, or about to be or to come online
 * @KRUN_STATUS_UNSUPPORTED: the CPU, which came online after the plan was made,
 *			has no such counter
 * @KRUN_STATUS_BUSY:	perf has no hardware counter left for a planned counter
 * @KRUN_STATUS_SKIPPED: not interrupted (KRUN_SAMPLE_SKIP_NOHZ_FULL)
 * @KRUN_STATUS_SHIELDED: not interrupted: another file shields it
 */
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

/* This CPU did not start at the common time stamp of a rendezvous. */
#define KRUN_SLOT_LATE	(1U << 0)

/**
 * struct krun_slot - the latest sample of one CPU
 * @sequence:	odd while the slot is being written
 * @cpu:	number of the CPU
 * @status:	enum krun_status
 * @flags:	KRUN_SLOT_*
 * @valid:	KRUN_COUNTER_* whose fields hold values; do not read others
 * @sample:	number of the sample in this file, never 0; the same in all slots of
 *		one sample. 0: KRUN_SAMPLE_LOCAL
 * @epoch:	changes whenever a counter of this CPU does not count on from where it
 *		was: when it is offline or the machine is suspended in between, or
 *		perf had taken a counter away; and with each new plan of the file
 * @span:	TSC ticks from @tsc to the last counter's reading; at most 2^32 - 1
 * @reserved0:	0
 * @tsc:	time stamp counter before the first counter was read
 * @aperf:	KRUN_COUNTER_APERF
 * @mperf:	KRUN_COUNTER_MPERF
 * @cycles:	KRUN_COUNTER_CYCLES
 * @instructions: KRUN_COUNTER_INSTRUCTIONS
 * @smi:	KRUN_COUNTER_SMI
 * @switches:	KRUN_COUNTER_SWITCHES
 * @irq_timer:	KRUN_COUNTER_INTERRUPTS, like the following: the local APIC's timer
 *		(LOC)
 * @irq_reschedule: rescheduling (RES)
 * @irq_call:	function calls (CAL), with Krun's and those that flush TLBs
 * @irq_device:	interrupts of devices
 * @irq_nmi:	NMIs, with those of performance counters
 * @irq_other:	all other kinds (IWI, SPU, TRM, THR, DFR ...)
 * @thermal:	KRUN_COUNTER_THERMAL
 * @package_thermal: KRUN_COUNTER_PACKAGE_THERMAL
 * @own:	KRUN_COUNTER_INTERRUPTS: those of Krun, for samples of any file
 * @reserved1:	0
 * @events:	KRUN_COUNTER_EVENT()
 * @reserved2:	0
 *
 * Slot i of the mapping is CPU i's. When krun_sample() returns, all slots of the
 * plan are written. If others may be sampling the same file, load @sequence
 * before and after reading: if it was odd or has changed, the values are torn.
 *
 * Two readings of a CPU can be subtracted if both are OK or IDLE, @epoch is the
 * same, and the counter is in both @valid.
 */
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

/**
 * DOC: ioctls
 *
 * KRUN_IOC_SAMPLE: krun_sample(2); the argument is the flags themselves.
 *
 * KRUN_IOC_PLAN: see struct krun_plan.
 *
 * KRUN_IOC_INFO: see struct krun_info.
 *
 * KRUN_IOC_SEAL: no other plan from now on, by whoever has a descriptor of this
 * file. Errors: ENODATA (there is no plan), EINTR.
 *
 * The size in a number is that of the caller's structure: a kernel takes a
 * shorter one as if the rest were 0, and a longer one if the rest is 0.
 */
#define KRUN_IOC_SAMPLE	_IO(0xDE, 0x00)
#define KRUN_IOC_PLAN	_IOW(0xDE, 0x01, struct krun_plan)
#define KRUN_IOC_INFO	_IOR(0xDE, 0x02, struct krun_info)
#define KRUN_IOC_SEAL	_IO(0xDE, 0x03)

#endif /* _UAPI_LINUX_KRUN_H */
