/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_SAMPLER_H
#define _KRUN_SAMPLER_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/msr-index.h>
#include "cpus.h"
#include "events.h"
#include "own_events.h"
#include "rendezvous.h"
#include "slot.h"

/* Those that are not read of an idle CPU. */
#define KRUN_COUNTERS_AWAKE						\
	(KRUN_COUNTER_SMI | KRUN_COUNTER_THERMAL |			\
	 KRUN_COUNTER_PACKAGE_THERMAL)

#define KRUN_COUNTERS_MSR						\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTERS_AWAKE)

#define KRUN_COUNTERS_DISTURBANCE					\
	(KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_SWITCHES)

#define KRUN_COUNTERS_ALL						\
	(KRUN_COUNTERS_MSR | KRUN_COUNTER_CYCLES |			\
	 KRUN_COUNTER_INSTRUCTIONS | KRUN_COUNTERS_DISTURBANCE |	\
	 KRUN_COUNTERS_OWN)

/* Also those of the older calls. */
#define KRUN_COUNTERS_USUAL						\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES)

/**
 * struct krun_request - a sample of many CPUs, while it is being taken
 * @cpus:	the CPUs; the slots of offline ones say so
 * @slots:	one for each possible CPU
 * @own:	events of the plan's own, or NULL
 * @owner:	whose shields do not keep this sample off
 * @counters:	KRUN_COUNTER_*
 * @flags:	KRUN_SAMPLE_* except KRUN_SAMPLE_LOCAL
 * @sample:	number of the sample
 * @generation:	the plan's
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 * @slept:	whether the caller has slept for its turn
 * @caller:	the CPU that takes the sample
 * @expected:	how many other CPUs are interrupted; the caller counts them
 * @done:	how many of them are done with the request
 * @rendezvous:	where they wait for each other
 */
struct krun_request {
	const struct cpumask *cpus;
	struct krun_slot *slots;
	const struct krun_own_events *own;
	const void *owner;
	u32 counters;
	u32 flags;
	u32 sample;
	u32 generation;
	bool cycles_first;
	bool slept;
	int caller;
	unsigned int expected;
	atomic_t done;
	struct krun_rendezvous rendezvous;
};

u32 krun_sampler_counters(int cpu);
int krun_sample_cpus(struct krun_request *request);
void krun_sample_here(struct krun_request *request);

static __always_inline u64 krun_rdtsc(void)
{
	/* RDTSC is not ordered by itself: keep it after what comes before. */
	rmb();
	return rdtsc();
}

/* The ticks since @begin. As halves, a few instructions less. */
static __always_inline u32 krun_span(u64 begin)
{
	u32 low, high, span;

	/* As in krun_rdtsc(). */
	rmb();
	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	high -= (u32)(begin >> 32) + __builtin_sub_overflow(low, (u32)begin, &span);
	return likely(!high) ? span : ~0U;
}

/*
 * Read the usual counters; the caller owns the slot and has interrupts off.
 */
static __always_inline int krun_read_usual(struct krun_slot *slot)
{
	u64 begin = krun_rdtsc();

	slot->tsc = begin;
	slot->aperf = krun_rdmsr(MSR_IA32_APERF);
	slot->mperf = krun_rdmsr(MSR_IA32_MPERF);
	/* RDPMC is not ordered by itself: keep it after RDMSR. */
	rmb();
	if (unlikely(krun_cycles_read_usual(&slot->cycles)))
		return -EBUSY;
	slot->span = krun_span(begin);
	return 0;
}

int krun_read_any(struct krun_slot *slot, u32 counters,
		  const struct krun_own_events *own);
void krun_sample_unusual(struct krun_slot *slot, u32 counters,
			 const struct krun_own_events *own, u16 flags,
			 u32 generation);

/*
 * This CPU reads the usual counters into its own slot, which it owns; interrupts
 * are off. Return: false if other counters are requested or reading failed: then
 * call krun_sample_unusual(), which also reports why.
 */
static __always_inline bool krun_sample_usual(struct krun_slot *slot,
					      u32 counters, u16 flags,
					      u32 generation)
{
	if (unlikely(counters != KRUN_COUNTERS_USUAL || krun_read_usual(slot)))
		return false;
	slot->epoch = this_cpu_read(krun_cpu.epoch) + generation;
	krun_slot_end(slot, KRUN_STATUS_OK, flags, KRUN_COUNTERS_USUAL);
	return true;
}

#endif /* _KRUN_SAMPLER_H */
