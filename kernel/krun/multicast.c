// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose turn it is to interrupt many CPUs at once.
 *
 * There is one multicast at a time in the machine. Callers wait for their turn
 * with interrupts on, so that they respond meanwhile. Two concurrent samples would
 * only wait for each other's interrupts anyway, and neither would keep a
 * rendezvous. Turns are taken in order; at most KRUN_QUEUE CPUs spin for one. Who
 * comes then sleeps; each end of a turn wakes the one that has slept longest.
 * While any sleeps, every new caller does. Otherwise those in the queue would be
 * back in it before anyone else has woken.
 *
 * How the interrupts are sent is another file's: patched/vector.c, or calls.c.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/spinlock.h>
#include "compat.h"
#include "multicast.h"

#define KRUN_QUEUE 16

/* How many CPUs have a turn or wait for one. */
static atomic_t krun_multicast_queue;

/* Callers that sleep until the queue is shorter, and have not been woken. */
static KRUN_WAIT_HEAD(krun_multicast_wait);

/* The turn: a queued lock, whose order is that of arrival. */
static DEFINE_RAW_SPINLOCK(krun_multicast_lock);

/* Belongs to the holder of the lock. */
static struct cpumask krun_multicast_targets;

/**
 * krun_multicast_possible() - whether CPUs can sample for others
 *
 * Paravirtualised Xen knows neither vectors of ours nor plain RDMSR and RDPMC.
 * Check this before taking any counters; the kernel's log says why it is not
 * possible.
 */
bool krun_multicast_possible(void)
{
	if (!cpu_feature_enabled(X86_FEATURE_XENPV))
		return true;
	pr_notice_once("no samples in a Xen PV guest\n");
	return false;
}

/**
 * krun_multicast_begin() - wait for this CPU's turn
 * @slept: whether the caller has been in krun_multicast_sleep() for it
 *
 * Between krun_section_begin() and krun_section_end(), which is after
 * krun_multicast_end(); interrupts are on.
 *
 * Return: an empty mask for the CPUs to interrupt, which must be online and not
 * include this one; NULL without a turn: then sleep and try again.
 */
struct cpumask *krun_multicast_begin(bool slept)
{
	/* Without a queue there is nobody to wake them. */
	if (unlikely(krun_wait_active(&krun_multicast_wait)) && !slept &&
	    atomic_read(&krun_multicast_queue))
		return NULL;
	if (unlikely(!atomic_add_unless(&krun_multicast_queue, 1, KRUN_QUEUE)))
		return NULL;
	raw_spin_lock(&krun_multicast_lock);
	/* Sparse knows no lock that a function takes only sometimes. */
	__release(&krun_multicast_lock);
	cpumask_clear(&krun_multicast_targets);
	return &krun_multicast_targets;
}

/**
 * krun_multicast_sleep() - wait before the next try to get a turn
 *
 * Nobody who sleeps holds a place in the queue, and who has been woken counts no
 * more as sleeping: a caller that does not get to run keeps nobody from a turn. A
 * wakeup whose place somebody else has taken costs at most a tick.
 *
 * Return: 0, or -EINTR if the caller is being killed.
 */
int krun_multicast_sleep(void)
{
	KRUN_WAITER(wait);

	do {
		krun_wait_begin(&krun_multicast_wait, &wait, TASK_KILLABLE);
		/* Whoever is in the queue now sees us when its turn ends. */
		if (atomic_read(&krun_multicast_queue))
			schedule_timeout(1);
	} while (atomic_read(&krun_multicast_queue) >= KRUN_QUEUE &&
		 !fatal_signal_pending(current));
	krun_wait_end(&krun_multicast_wait, &wait);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * krun_multicast_barrier() - wait for all turns that have begun
 *
 * May sleep.
 */
void krun_multicast_barrier(void)
{
	raw_spin_lock(&krun_multicast_lock);
	raw_spin_unlock(&krun_multicast_lock);
}

/**
 * krun_multicast_end() - end this CPU's turn
 *
 * All interrupted CPUs are done with the request.
 */
void krun_multicast_end(void)
{
	__acquire(&krun_multicast_lock);
	raw_spin_unlock(&krun_multicast_lock);
	atomic_dec(&krun_multicast_queue);
	/* Pairs with set_current_state() in krun_wait_begin(). */
	smp_mb__after_atomic();
	if (unlikely(krun_wait_active(&krun_multicast_wait)))
		krun_wait_wake_one(&krun_multicast_wait);
}
