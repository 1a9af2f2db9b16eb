// SPDX-License-Identifier: GPL-2.0-only
/*
 * One interrupt to many CPUs at once, as a function call.
 *
 * For kernels that have no vector of ours. Whoever calls does not wait for the
 * function to end, only for the readings. Calls coalesce: a CPU that has others to
 * answer gets no interrupt for this one, nor does an idle CPU that polls, if it
 * is the only one to be called.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include "compat.h"
#include "cpus.h"
#include "multicast.h"
#include "sampler.h"

const u32 krun_multicast_features;

/* The CPU's count of function calls when it last took part in a sample. */
static DEFINE_PER_CPU(u32, krun_calls_seen);

/*
 * Interrupts, not calls: several samples may share one, and who is called out of
 * the idle loop has had none.
 */
static void krun_calls_count(void)
{
	u32 calls = krun_irq_call();

	if (!hardirq_count() || this_cpu_read(krun_calls_seen) == calls)
		return;
	this_cpu_write(krun_calls_seen, calls);
	this_cpu_inc(krun_cpu.own);
}

/* Runs on each interrupted CPU, with interrupts off. */
static void krun_calls_answer(void *request)
{
	krun_calls_count();
	krun_sample_here(request);
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
	smp_call_function_many(targets, krun_calls_answer, request, false);
}
