// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the counters of many CPUs at once.
 *
 * Each CPU reads its own counters back to back, with interrupts off. There is
 * one multicast interrupt; the calling CPU takes its own reading while the
 * interrupts are on their way. Nothing here allocates or sleeps.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/smp.h>
#include <linux/tick.h>
#include <asm/cpufeature.h>
#include "idle.h"
#include "multicast.h"
#include "sampler.h"

/**
 * krun_read_any() - read any of this CPU's counters
 * @slot: where the values go; the caller owns it
 * @counters: KRUN_COUNTER_*; other values do not change
 *
 * Interrupts are off.
 *
 * Return: 0, or -EBUSY if a counter borrowed from perf is not available.
 */
int krun_read_any(struct krun_slot *slot, u32 counters)
{
	int err = 0;

	slot->tsc_before = krun_rdtsc();
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
	if (counters & KRUN_COUNTER_REF_CYCLES)
		err |= krun_event_read_local(KRUN_EVENT_REF_CYCLES,
					     &slot->ref_cycles);
	if (counters & KRUN_COUNTER_SMI)
		slot->smi_count = krun_rdmsr(MSR_SMI_COUNT);
	slot->tsc_after = krun_rdtsc();
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

/* Finish a slot without values. */
static void krun_fail_slot(struct krun_slot *slot, u32 counters, u32 flags)
{
	u32 status = KRUN_STATUS_BUSY;
	enum krun_event which;

	for (which = 0; which < KRUN_EVENTS; which++)
		if (counters & (KRUN_COUNTER_CYCLES << which) &&
		    this_cpu_read(krun_cpu_events.states[which].err) ==
			    -EOPNOTSUPP)
			status = KRUN_STATUS_UNSUPPORTED;
	krun_slot_clear(slot);
	krun_slot_end(slot, status, flags);
}

/**
 * krun_sample_unusual() - this CPU writes its own slot
 * @slot: that slot, which it owns
 * @counters: KRUN_COUNTER_*
 * @flags: KRUN_SLOT_*
 *
 * For everything that krun_sample_usual() does not handle. Interrupts are off.
 */
noinline void krun_sample_unusual(struct krun_slot *slot, u32 counters,
				  u32 flags)
{
	if (krun_read_any(slot, counters))
		krun_fail_slot(slot, counters, flags);
	else
		krun_slot_end(slot, KRUN_STATUS_OK, flags);
}

/* This CPU's part of the sample; interrupts are off. */
static __always_inline void krun_take_part(struct krun_request *request,
					   int cpu, u32 flags)
{
	struct krun_slot *slot = &request->slots[cpu];

	krun_slot_begin(slot);
	if (unlikely(request->cycles_first && !krun_read_cycles_first(slot)))
		krun_slot_end(slot, KRUN_STATUS_OK, flags);
	else if (!krun_sample_usual(slot, request->counters, flags))
		krun_sample_unusual(slot, request->counters, flags);
}

/* Write the slot of a CPU without values; interrupts are on. */
static void krun_write_for(struct krun_request *request, int cpu, u32 status)
{
	struct krun_slot *slot = &request->slots[cpu];

	local_irq_disable();
	krun_slot_begin(slot);
	krun_slot_clear(slot);
	krun_slot_end(slot, status, 0);
	local_irq_enable();
}

/* Return: whether another CPU's slot was written without interrupting it. */
static __always_inline bool krun_answer_for(struct krun_request *request,
					    int cpu)
{
	if (unlikely(!cpu_online(cpu))) {
		krun_write_for(request, cpu, KRUN_STATUS_OFFLINE);
		return true;
	}
	if (request->flags & KRUN_SAMPLE_SKIP_NOHZ_FULL &&
	    tick_nohz_full_cpu(cpu)) {
		krun_write_for(request, cpu, KRUN_STATUS_SKIPPED);
		return true;
	}
	return request->flags & KRUN_SAMPLE_IDLE_SNAPSHOT &&
	       krun_idle_answer(cpu, request->counters, &request->slots[cpu]);
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

/* Interrupt those CPUs that must be interrupted. */
static void krun_interrupt(struct krun_request *request)
{
	struct cpumask *targets = krun_multicast_begin();
	int cpu;

	for_each_cpu(cpu, request->cpus) {
		if (cpu == request->caller || krun_answer_for(request, cpu))
			continue;
		__cpumask_set_cpu(cpu, targets);
		request->expected++;
	}
	if (request->expected)
		krun_multicast_send(request);
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
	if (request->flags & KRUN_SAMPLE_RENDEZVOUS)
		krun_rendezvous_start(krun_rendezvous_call(&request->rendezvous,
							   request->expected));
	else
		local_irq_disable();
	if (cpumask_test_cpu(request->caller, request->cpus))
		krun_take_part(request, request->caller, 0);
	local_irq_enable();
}

/**
 * krun_sample_cpus() - sample many CPUs at once
 * @request: the sample; preemption is off, so that no CPU can go offline, and
 *	     interrupts are on
 *
 * On return every slot of the sample is written and has a status.
 */
void krun_sample_cpus(struct krun_request *request)
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
		return;
	}
	krun_interrupt(request);
	krun_sample_caller(request);
	/* Pairs with the barrier in krun_sample_here(). */
	while (atomic_read_acquire(&request->done) != request->expected)
		cpu_relax();
	krun_multicast_end();
}

static bool krun_msr_readable(int cpu, u32 msr)
{
	u64 value;

	return !krun_rdmsr_safe_on_cpu(cpu, msr, &value);
}

static bool krun_has_aperfmperf(int cpu)
{
	return cpu_has(&cpu_data(cpu), X86_FEATURE_APERFMPERF);
}

/**
 * krun_sampler_counters() - the KRUN_COUNTER_* that a CPU has
 * @cpu: an online CPU
 */
u32 krun_sampler_counters(int cpu)
{
	enum krun_event which;
	u32 counters = 0;

	if (krun_has_aperfmperf(cpu) && krun_msr_readable(cpu, MSR_IA32_APERF) &&
	    krun_msr_readable(cpu, MSR_IA32_MPERF))
		counters |= KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF;
	for (which = 0; which < KRUN_EVENTS; which++)
		if (krun_event_known(which))
			counters |= KRUN_COUNTER_CYCLES << which;
	if (krun_msr_readable(cpu, MSR_SMI_COUNT))
		counters |= KRUN_COUNTER_SMI;
	return counters;
}

/**
 * krun_sampler_probe() - probe whether a CPU has certain MSRs
 * @cpu: an online CPU
 * @counters: KRUN_COUNTER_*; those borrowed from perf are ignored
 *
 * APERF and MPERF are announced by CPUID.06H:ECX[0], and reading them must not
 * fault: some hypervisors announce what they do not have.
 *
 * Return: 0, or -EOPNOTSUPP and one line in the kernel's log that says why.
 */
int krun_sampler_probe(int cpu, u32 counters)
{
	if (counters & (KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF)) {
		if (!krun_has_aperfmperf(cpu)) {
			pr_notice_once("CPU %d: no APERF and MPERF (CPUID.06H:ECX[0] is 0)\n",
				       cpu);
			return -EOPNOTSUPP;
		}
		if (!krun_msr_readable(cpu, MSR_IA32_APERF) ||
		    !krun_msr_readable(cpu, MSR_IA32_MPERF)) {
			pr_notice_once("CPU %d: reading APERF or MPERF faults\n",
				       cpu);
			return -EOPNOTSUPP;
		}
	}
	if (counters & KRUN_COUNTER_SMI &&
	    !krun_msr_readable(cpu, MSR_SMI_COUNT)) {
		pr_notice_once("CPU %d: no count of system-management interrupts (MSR 34H)\n",
			       cpu);
		return -EOPNOTSUPP;
	}
	return 0;
}
