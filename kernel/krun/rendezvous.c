// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that start to read at a common time stamp.
 *
 * How long an interrupt takes to arrive differs between CPUs, mainly with their
 * sleep states, and would become the skew of the sample. So the interrupted CPUs
 * wait until all have arrived; then the caller sets a time stamp a little ahead,
 * and each of them watches its own TSC. All waiting is bounded: a late CPU reads
 * at once and reports that.
 *
 * The TSCs of the CPUs are assumed to be synchronous, as by the kernel's clock
 * source.
 */
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/processor.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include "rendezvous.h"

#define KRUN_ARRIVAL_US	48	/* for the last one to arrive */
#define KRUN_WAIT_US	49	/* an arrived CPU's patience */
#define KRUN_LEAD_US	1	/* for @start to be seen everywhere */

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
	u64 limit = rdtsc() + krun_tsc_of_us(KRUN_ARRIVAL_US);
	u64 start;

	while (atomic_read(&rendezvous->arrived) < expected && rdtsc() < limit)
		cpu_relax();
	local_irq_disable();
	start = rdtsc() + krun_tsc_of_us(KRUN_LEAD_US);
	/* Pairs with the smp_load_acquire() in krun_rendezvous_join(). */
	smp_store_release(&rendezvous->start, start);
	return start;
}

/* No PAUSE here: it may take longer than the remaining wait. */
void krun_rendezvous_start(u64 start)
{
	while (rdtsc() < start)
		barrier();
}

/**
 * krun_rendezvous_join() - wait for the start, on an interrupted CPU
 * @rendezvous: where
 *
 * Return: whether this CPU starts in time.
 */
bool krun_rendezvous_join(struct krun_rendezvous *rendezvous)
{
	u64 limit = rdtsc() + krun_tsc_of_us(KRUN_WAIT_US);
	u64 start;

	atomic_inc(&rendezvous->arrived);
	for (;;) {
		/* Pairs with the smp_store_release() of the caller. */
		start = smp_load_acquire(&rendezvous->start);
		if (start)
			break;
		if (rdtsc() > limit)
			return false;
		cpu_relax();
	}
	if (rdtsc() > start)
		return false;
	krun_rendezvous_start(start);
	return true;
}
