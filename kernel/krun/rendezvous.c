// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that start to read at a common time stamp.
 *
 * How long an interrupt takes to arrive differs between CPUs, mainly with their
 * sleep states, and would become the skew of the sample. So the interrupted CPUs
 * wait until all have arrived; then the caller sets a time stamp a little ahead,
 * and each of them watches its own TSC. A late CPU reads at once and reports that.
 *
 * All of this waiting is bounded by the CPU's own TSC, whatever the others' say:
 * one that lags behind the caller's by more than a little would wait for its
 * start for as long as it lags, with interrupts off. Such a CPU is late, too.
 * Times are compared as differences, so that a TSC that jumps back ends a wait.
 */
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <asm/barrier.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>
#include "rendezvous.h"

#define KRUN_ARRIVAL_US	48	/* for the last one to arrive */
#define KRUN_WAIT_US	49	/* an arrived CPU's patience */
#define KRUN_LEAD_US	1	/* for @start to be seen everywhere */
#define KRUN_FAR_US	2	/* further ahead is no start to wait for */

static u64 krun_tsc_of_us(unsigned int us)
{
	return div_u64((u64)tsc_khz * us, 1000);
}

/**
 * krun_rendezvous_call() - wait for the interrupted CPUs and set the start
 * @rendezvous: where they wait
 * @expected: how many there are
 *
 * Interrupts are on, because others may need this CPU meanwhile. They are off
 * afterwards, so that nothing delays the start.
 *
 * Return: the argument for krun_rendezvous_start().
 */
u64 krun_rendezvous_call(struct krun_rendezvous *rendezvous,
			 unsigned int expected)
{
	const u64 patience = krun_tsc_of_us(KRUN_ARRIVAL_US);
	u64 begin = rdtsc(), start;

	while (atomic_read(&rendezvous->arrived) < expected &&
	       rdtsc() - begin < patience)
		cpu_relax();
	local_irq_disable();
	start = rdtsc() + krun_tsc_of_us(KRUN_LEAD_US);
	/* Pairs with the smp_load_acquire() in krun_rendezvous_join(). */
	smp_store_release(&rendezvous->start, start);
	return start;
}

/**
 * krun_rendezvous_start() - wait for the start
 * @start: the time stamp
 *
 * No PAUSE here: it may take longer than the remaining wait.
 *
 * Return: whether this CPU starts in time: it was ahead, and not too far.
 */
bool krun_rendezvous_start(u64 start)
{
	const u64 far = krun_tsc_of_us(KRUN_FAR_US);

	if (start - rdtsc() > far)
		return false;
	while (start - rdtsc() - 1 < far)
		barrier();
	/* Unless something else had this CPU meanwhile. */
	return rdtsc() - start <= far;
}

/**
 * krun_rendezvous_join() - wait for the start, on an interrupted CPU
 * @rendezvous: where
 *
 * Return: whether this CPU starts in time.
 */
bool krun_rendezvous_join(struct krun_rendezvous *rendezvous)
{
	const u64 patience = krun_tsc_of_us(KRUN_WAIT_US);
	u64 begin = rdtsc(), start;

	atomic_inc(&rendezvous->arrived);
	for (;;) {
		/* Pairs with the smp_store_release() of the caller. */
		start = smp_load_acquire(&rendezvous->start);
		if (start)
			break;
		if (rdtsc() - begin > patience)
			return false;
		cpu_relax();
	}
	return krun_rendezvous_start(start);
}
