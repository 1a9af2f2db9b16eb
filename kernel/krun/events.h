/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_EVENTS_H
#define _KRUN_EVENTS_H

#include <linux/percpu.h>
#include <linux/perf_event.h>
#include "compat.h"

/* The counters borrowed from perf. */
enum krun_event {
	KRUN_EVENT_CYCLES,
	KRUN_EVENT_INSTRUCTIONS,
	KRUN_EVENT_REF_CYCLES,
	KRUN_EVENTS
};

/**
 * struct krun_event_state - one borrowed counter of one CPU
 * @event:	perf's event; &krun_no_event while the counter has no users or the
 *		CPU is offline
 * @carried:	count of this CPU's earlier events, so that the value continues
 *		where it was after the CPU has been offline
 * @users:	number of krun_event_get() not undone yet
 * @err:	why there is no @event although there are @users
 */
struct krun_event_state {
	struct perf_event *event;
	u64 carried;
	unsigned int users;
	int err;
};

struct krun_cpu_events {
	struct krun_event_state states[KRUN_EVENTS];
};

DECLARE_PER_CPU(struct krun_cpu_events, krun_cpu_events);
extern struct perf_event krun_no_event;
extern u64 krun_event_mask;

bool krun_event_known(enum krun_event which);
int krun_event_get(int cpu, enum krun_event which);
void krun_event_put(int cpu, enum krun_event which);

/**
 * krun_event_read_local() - read one of this CPU's borrowed counters
 * @which: the counter
 * @value: where the 64-bit count goes
 *
 * Interrupts are off, so perf can neither move the event to another hardware
 * counter nor free it. Only an overflow NMI can come in between; it changes
 * prev_count, and then the reading is repeated.
 *
 * Return: 0, or -EBUSY if there is no event or it has lost its hardware counter.
 */
static __always_inline int krun_event_read_local(enum krun_event which,
						 u64 *value)
{
	struct perf_event *event =
		this_cpu_read(krun_cpu_events.states[which].event);
	u64 before, counted, raw;

	if (unlikely(event->state != PERF_EVENT_STATE_ACTIVE))
		return -EBUSY;
	do {
		before = local64_read(&event->hw.prev_count);
		counted = local64_read(&event->count);
		raw = krun_rdpmc(event->hw.event_base_rdpmc);
		barrier();
	} while (unlikely(before != local64_read(&event->hw.prev_count)));

	/* The counter is narrower than 64 bits, so the difference wraps too. */
	*value = ((raw - before) & krun_event_mask) + counted +
		 this_cpu_read(krun_cpu_events.states[which].carried);
	return 0;
}

#endif /* _KRUN_EVENTS_H */
