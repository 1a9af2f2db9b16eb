/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_SAMPLER_H
#define _KRUN_SAMPLER_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/msr-index.h>
#include "events.h"
#include "rendezvous.h"
#include "slot.h"

#define KRUN_COUNTERS_ALL						\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES |\
	 KRUN_COUNTER_INSTRUCTIONS | KRUN_COUNTER_REF_CYCLES |		\
	 KRUN_COUNTER_SMI)

/* Also those of the older calls. */
#define KRUN_COUNTERS_USUAL						\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES)

/**
 * struct krun_request - a sample of many CPUs, while it is being taken
 * @cpus:	the CPUs; the slots of offline ones say so
 * @slots:	one for each possible CPU
 * @counters:	KRUN_COUNTER_*
 * @flags:	KRUN_SAMPLE_* except KRUN_SAMPLE_LOCAL
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 * @caller:	the CPU that takes the sample
 * @expected:	how many other CPUs are interrupted; the caller counts them
 * @done:	how many of them are done with the request
 * @rendezvous:	where they wait for each other
 */
struct krun_request {
	const struct cpumask *cpus;
	struct krun_slot *slots;
	u32 counters;
	u32 flags;
	bool cycles_first;
	int caller;
	unsigned int expected;
	atomic_t done;
	struct krun_rendezvous rendezvous;
};

u32 krun_sampler_counters(int cpu);
int krun_sampler_probe(int cpu, u32 counters);
void krun_sample_cpus(struct krun_request *request);
void krun_sample_here(struct krun_request *request);

static __always_inline u64 krun_rdtsc(void)
{
	/* RDTSC is not ordered by itself: keep it after what comes before. */
	rmb();
	return rdtsc();
}

/*
 * Read the usual counters; the caller owns the slot and has interrupts off.
 */
static __always_inline int krun_read_usual(struct krun_slot *slot)
{
	slot->tsc_before = krun_rdtsc();
	slot->aperf = krun_rdmsr(MSR_IA32_APERF);
	slot->mperf = krun_rdmsr(MSR_IA32_MPERF);
	/* RDPMC is not ordered by itself: keep it after RDMSR. */
	rmb();
	if (unlikely(krun_event_read_local(KRUN_EVENT_CYCLES, &slot->cycles)))
		return -EBUSY;
	slot->tsc_after = krun_rdtsc();
	return 0;
}

int krun_read_any(struct krun_slot *slot, u32 counters);
void krun_sample_unusual(struct krun_slot *slot, u32 counters, u32 flags);

/*
 * This CPU reads the usual counters into its own slot, which it owns; interrupts
 * are off. Return: false if other counters are requested or reading failed: then
 * call krun_sample_unusual(), which also reports why.
 */
static __always_inline bool krun_sample_usual(struct krun_slot *slot,
					      u32 counters, u32 flags)
{
	if (unlikely(counters != KRUN_COUNTERS_USUAL || krun_read_usual(slot)))
		return false;
	krun_slot_end(slot, KRUN_STATUS_OK, flags);
	return true;
}

#endif /* _KRUN_SAMPLER_H */
