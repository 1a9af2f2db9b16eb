// SPDX-License-Identifier: GPL-2.0-only
/*
 * One interrupt to many CPUs at once, with its own vector.
 *
 * smp_call_function_many() does more than necessary: each CPU that it wakes
 * leaves and re-enters the tick's idle state around the call, and the caller
 * queues work for each. The handler here needs neither timers nor softirqs and
 * skips that, like the reschedule interrupt, which saves several hundred
 * instructions on every woken CPU.
 *
 * The vector counts as a function call in /proc/interrupts and in the tracepoints
 * of interrupt vectors (call_function_entry).
 */
#include <asm/trace/irq_vectors.h>
#include "access.h"
#include "cpus.h"
#include "multicast.h"
#include "sampler.h"

const u32 krun_multicast_features = KRUN_FEATURE_VECTOR;

/* Of whoever has the turn. */
static struct krun_request *krun_multicast_request;

/*
 * CPUs that were interrupted and have not responded yet. A broadcast may reach a
 * CPU that has just come online and was not meant; its bit is not set here. If
 * that happens late, the CPU may even find the next request before that
 * request's own interrupt, which then finds the bit cleared.
 */
static struct cpumask krun_multicast_awaited;

/* Runs on each interrupted CPU, with interrupts off. */
DEFINE_IDTENTRY_SYSVEC_SIMPLE(sysvec_krun)
{
	krun_end_of_interrupt();
	trace_call_function_entry(KRUN_VECTOR);
	krun_count_interrupt();
	this_cpu_inc(krun_cpu.own);
	if (likely(cpumask_test_and_clear_cpu(smp_processor_id(),
					      &krun_multicast_awaited)))
		krun_sample_here(krun_multicast_request);
	trace_call_function_exit(KRUN_VECTOR);
}

/**
 * krun_multicast_send() - let every CPU of a mask take part in a sample
 * @request: the sample; krun_sample_here() gets it on each of them
 * @targets: the CPUs; online, and not this one
 *
 * Does not wait for them.
 */
void krun_multicast_send(struct krun_request *request,
			 const struct cpumask *targets)
{
	unsigned int word;

	krun_multicast_request = request;
	/* Pairs with the atomic operation in sysvec_krun(). */
	smp_wmb();
	/* Each word at once: a bit that has been cleared stays so. */
	for (word = 0; word < BITS_TO_LONGS(nr_cpu_ids); word++)
		WRITE_ONCE(cpumask_bits(&krun_multicast_awaited)[word],
			   cpumask_bits(targets)[word]);
	/* All of this is written before the interrupt. */
	smp_mb();
	krun_send_interrupts(targets, KRUN_VECTOR);
}
