// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the counters of many CPUs at once.
 *
 * Each CPU reads its own counters back to back, with interrupts off. There is
 * one multicast interrupt; the calling CPU takes its own reading while the
 * interrupts are on their way. Nothing here allocates or sleeps.
 */
#include <linux/smp.h>
#include "access.h"
#include "disturbance.h"
#include "idle.h"
#include "multicast.h"
#include "sampler.h"
#include "shield.h"

/**
 * krun_read_any() - read any of this CPU's counters
 * @slot: where the values go; the caller owns it
 * @counters: KRUN_COUNTER_*; other values do not change
 * @own: events of the plan's own, if @counters has some
 *
 * Interrupts are off.
 *
 * Return: 0, -EOPNOTSUPP if the CPU has no such MSR, or -EBUSY if a counter
 * borrowed from perf is not available.
 */
int krun_read_any(struct krun_slot *slot, u32 counters,
		  const struct krun_own_events *own)
{
	u64 begin;
	int err = 0;

	if (counters & KRUN_COUNTERS_MSR & ~this_cpu_read(krun_cpu.counters))
		return -EOPNOTSUPP;
	begin = krun_rdtsc();
	slot->tsc = begin;
	if (counters & KRUN_COUNTER_APERF)
		slot->aperf = krun_rdmsr(MSR_IA32_APERF);
	if (counters & KRUN_COUNTER_MPERF)
		slot->mperf = krun_rdmsr(MSR_IA32_MPERF);
	/* RDPMC is not ordered by itself: keep it after RDMSR. */
	rmb();
	if (counters & KRUN_COUNTER_CYCLES)
		err |= krun_event_read_local(KRUN_EVENT_CYCLES, &slot->cycles);
	if (counters & KRUN_COUNTER_INSTRUCTIONS)
		err |= krun_event_read_local(KRUN_EVENT_INSTRUCTIONS,
					     &slot->instructions);
	if (counters & KRUN_COUNTERS_OWN)
		err |= krun_own_read(own, slot->events);
	if (counters & KRUN_COUNTER_SMI)
		slot->smi = krun_rdmsr(MSR_SMI_COUNT);
	if (counters & KRUN_COUNTER_THERMAL)
		slot->thermal = krun_rdmsr(MSR_IA32_THERM_STATUS);
	if (counters & KRUN_COUNTER_PACKAGE_THERMAL)
		slot->package_thermal =
			krun_rdmsr(MSR_IA32_PACKAGE_THERM_STATUS);
	if (counters & KRUN_COUNTERS_DISTURBANCE)
		krun_disturbance_read(slot, counters);
	slot->span = krun_span(begin);
	return err;
}

/* Like krun_read_usual(), core-cycle counter first and without time stamps. */
static int krun_read_cycles_first(struct krun_slot *slot)
{
	if (krun_event_read_local(KRUN_EVENT_CYCLES, &slot->cycles))
		return -EBUSY;
	/* RDPMC is not ordered by itself: keep it before RDMSR. */
	rmb();
	slot->aperf = krun_rdmsr(MSR_IA32_APERF);
	slot->mperf = krun_rdmsr(MSR_IA32_MPERF);
	return 0;
}

/* Why this CPU's counters could not be read; interrupts are off. */
static u16 krun_failure(u32 counters, const struct krun_own_events *own,
			int err)
{
	enum krun_which which;

	if (err == -EOPNOTSUPP)
		return KRUN_STATUS_UNSUPPORTED;
	for (which = 0; which < KRUN_EVENTS; which++)
		if (counters & (KRUN_COUNTER_CYCLES << which) &&
		    this_cpu_read(krun_cpu_events.states[which].counter.err) ==
			    -EOPNOTSUPP)
			return KRUN_STATUS_UNSUPPORTED;
	if (counters & KRUN_COUNTERS_OWN && krun_own_unsupported(own))
		return KRUN_STATUS_UNSUPPORTED;
	return KRUN_STATUS_BUSY;
}

/**
 * krun_sample_unusual() - this CPU writes its own slot
 * @slot: that slot, which it owns
 * @counters: KRUN_COUNTER_*
 * @own: events of the plan's own, if @counters has some
 * @flags: KRUN_SLOT_*
 * @generation: the plan's
 *
 * For everything that krun_sample_usual() does not handle. Interrupts are off.
 */
noinline void krun_sample_unusual(struct krun_slot *slot, u32 counters,
				  const struct krun_own_events *own, u16 flags,
				  u32 generation)
{
	u16 status = KRUN_STATUS_OFFLINE;
	int err;

	slot->epoch = this_cpu_read(krun_cpu.epoch) + generation;
	if (likely(krun_cpu_running(smp_processor_id()))) {
		err = krun_read_any(slot, counters, own);
		if (likely(!err)) {
			krun_slot_end(slot, KRUN_STATUS_OK, flags, counters);
			return;
		}
		status = krun_failure(counters, own, err);
	}
	krun_slot_clear(slot);
	krun_slot_end(slot, status, flags, 0);
}

/* This CPU's part of the sample; interrupts are off. */
static __always_inline void krun_take_part(struct krun_request *request,
					   int cpu, u32 flags)
{
	struct krun_slot *slot = &request->slots[cpu];

	krun_slot_begin(slot);
	slot->sample = request->sample;
	if (unlikely(request->cycles_first && !krun_read_cycles_first(slot)))
		krun_slot_end(slot, KRUN_STATUS_OK, flags, request->counters);
	else if (!krun_sample_usual(slot, request->counters, flags,
				    request->generation))
		krun_sample_unusual(slot, request->counters, request->own,
				    flags, request->generation);
}

/* Write the slot of a CPU without values; interrupts are on. */
static void krun_write_for(struct krun_request *request, int cpu, u16 status)
{
	struct krun_slot *slot = &request->slots[cpu];

	local_irq_disable();
	krun_slot_begin(slot);
	krun_slot_clear(slot);
	slot->sample = request->sample;
	slot->epoch = READ_ONCE(per_cpu(krun_cpu.epoch, cpu)) +
		      request->generation;
	krun_slot_end(slot, status, 0, 0);
	local_irq_enable();
}

/* Return: whether another CPU's slot was written without interrupting it. */
static __always_inline bool krun_answer_for(struct krun_request *request,
					    int cpu)
{
	if (unlikely(!krun_cpu_running(cpu))) {
		krun_write_for(request, cpu, KRUN_STATUS_OFFLINE);
		return true;
	}
	if (request->flags & KRUN_SAMPLE_SKIP_NOHZ_FULL &&
	    krun_nohz_full_cpu(cpu)) {
		krun_write_for(request, cpu, KRUN_STATUS_SKIPPED);
		return true;
	}
	return request->flags & KRUN_SAMPLE_IDLE_SNAPSHOT &&
	       krun_idle_answer(cpu, request, &request->slots[cpu]);
}

/* Return: whether that worked for all of them. */
static bool krun_answer_for_all(struct krun_request *request)
{
	int cpu;

	for_each_cpu(cpu, request->cpus)
		if (cpu != request->caller && !krun_answer_for(request, cpu))
			return false;
	return true;
}

/* Interrupt those CPUs that must be interrupted. Return: false without a turn. */
static bool krun_interrupt(struct krun_request *request)
{
	struct cpumask *targets = krun_multicast_begin(request->slept);
	int cpu;

	if (unlikely(!targets))
		return false;
	for_each_cpu(cpu, request->cpus) {
		if (cpu == request->caller || krun_answer_for(request, cpu))
			continue;
		if (unlikely(krun_shielded_from(cpu, request->owner))) {
			krun_write_for(request, cpu, KRUN_STATUS_SHIELDED);
			continue;
		}
		__cpumask_set_cpu(cpu, targets);
		request->expected++;
	}
	if (request->expected)
		krun_multicast_send(request, targets);
	return true;
}

/**
 * krun_sample_here() - take part in a sample
 * @request: the sample, whose caller has interrupted this CPU; do not use it
 *	     afterwards
 *
 * Interrupts are off.
 */
void krun_sample_here(struct krun_request *request)
{
	u32 flags = 0;

	krun_idle_end();
	if (request->flags & KRUN_SAMPLE_RENDEZVOUS &&
	    !krun_rendezvous_join(&request->rendezvous))
		flags = KRUN_SLOT_LATE;
	krun_take_part(request, smp_processor_id(), flags);
	/* The slot is complete before @done says so; @request is gone then. */
	smp_mb__before_atomic();
	atomic_inc(&request->done);
}

/* Take the caller's own reading while the others are on their way. */
static void krun_sample_caller(struct krun_request *request)
{
	u32 flags = 0;
	u64 start;

	if (request->flags & KRUN_SAMPLE_RENDEZVOUS) {
		start = krun_rendezvous_call(&request->rendezvous,
					     request->expected);
		if (!krun_rendezvous_start(start))
			flags = KRUN_SLOT_LATE;
	} else {
		local_irq_disable();
	}
	if (cpumask_test_cpu(request->caller, request->cpus))
		krun_take_part(request, request->caller, flags);
	local_irq_enable();
}

/**
 * krun_sample_cpus() - sample many CPUs at once
 * @request: the sample; between krun_section_begin() and krun_section_end(), so
 *	     that no CPU can go offline, and interrupts are on
 *
 * On return every slot of the sample is written and has a status.
 *
 * Return: 0, or -EAGAIN if too many others wait for their turn: then call
 * krun_multicast_sleep() and try again.
 */
int krun_sample_cpus(struct krun_request *request)
{
	const u32 quiet = KRUN_SAMPLE_IDLE_SNAPSHOT | KRUN_SAMPLE_SKIP_NOHZ_FULL;

	request->caller = smp_processor_id();
	request->expected = 0;
	atomic_set(&request->done, 0);
	atomic_set(&request->rendezvous.arrived, 0);
	request->rendezvous.start = 0;

	/* Without anyone to interrupt there is no need to take a turn. */
	if (request->flags & quiet && krun_answer_for_all(request)) {
		krun_sample_caller(request);
		return 0;
	}
	if (!krun_interrupt(request))
		return -EAGAIN;
	krun_sample_caller(request);
	/* Pairs with the barrier in krun_sample_here(). */
	while (atomic_read_acquire(&request->done) != request->expected)
		cpu_relax();
	krun_multicast_end();
	return 0;
}

/**
 * krun_sampler_counters() - the KRUN_COUNTER_* that a CPU has
 * @cpu: an online CPU
 */
u32 krun_sampler_counters(int cpu)
{
	enum krun_which which;
	u32 counters = per_cpu(krun_cpu.counters, cpu) |
		       KRUN_COUNTERS_DISTURBANCE;

	for (which = 0; which < KRUN_EVENTS; which++)
		if (krun_event_known(which))
			counters |= KRUN_COUNTER_CYCLES << which;
	return counters;
}
