/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_EVENTS_H
#define _KRUN_EVENTS_H

#include <linux/percpu.h>
#include <linux/perf_event.h>
#include "compat.h"

/* The counters borrowed from perf that all plans share. */
enum krun_which {
	KRUN_EVENT_CYCLES,
	KRUN_EVENT_INSTRUCTIONS,
	KRUN_EVENTS
};

/**
 * struct krun_counter - a counter of one CPU
 * @event:	perf's event, as whoever holds krun_cpus_lock knows it; NULL without
 * @live:	the same, as readers on that CPU see it; &krun_no_event without
 * @err:	why there is no event although there should be one
 */
struct krun_counter {
	struct perf_event *event;
	struct perf_event *live;
	int err;
};

/**
 * struct krun_event_state - one shared counter of one CPU
 * @counter:	the counter
 * @carried:	count of this CPU's earlier events, so that the value continues
 *		where it was
 * @users:	number of krun_event_get() not undone yet
 */
struct krun_event_state {
	struct krun_counter counter;
	u64 carried;
	unsigned int users;
};

/**
 * struct krun_cpu_events - the shared counters of one CPU
 * @usual:	the live event of core cycles if the CPU has APERF and MPERF, too
 * @states:	the counters
 */
struct krun_cpu_events {
	struct perf_event *usual;
	struct krun_event_state states[KRUN_EVENTS];
};

DECLARE_PER_CPU(struct krun_cpu_events, krun_cpu_events);
extern struct perf_event krun_no_event;
extern u64 krun_event_mask;

void krun_events_init(void);
bool krun_event_known(enum krun_which which);
int krun_event_get(int cpu, enum krun_which which);
void krun_event_put(int cpu, enum krun_which which);
void krun_events_start_cpu(int cpu);
void krun_events_stop_cpu(int cpu);
void krun_events_show(void);
void krun_events_hide(void);

struct perf_event *krun_event_create(struct perf_event_attr *attr, int cpu);
bool krun_counter_show(struct krun_counter *counter);

/**
 * krun_event_read() - read the hardware counter of one of this CPU's events
 * @event: the event
 * @value: where the count goes
 *
 * Interrupts are off, so perf can neither move the event to another hardware
 * counter nor free it. Only an overflow NMI can come in between; it changes
 * prev_count, and then the reading is repeated.
 *
 * Return: 0, or -EBUSY if there is no event or it has lost its hardware counter.
 */
static __always_inline int krun_event_read(struct perf_event *event, u64 *value)
{
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
	*value = ((raw - before) & krun_event_mask) + counted;
	return 0;
}

/* One of this CPU's shared counters; interrupts are off. */
static __always_inline int krun_event_read_local(enum krun_which which,
						 u64 *value)
{
	u64 counted;

	if (krun_event_read(this_cpu_read(krun_cpu_events.states[which].counter.live),
			    &counted))
		return -EBUSY;
	*value = counted + this_cpu_read(krun_cpu_events.states[which].carried);
	return 0;
}

/* Core cycles of a CPU that has APERF and MPERF; interrupts are off. */
static __always_inline int krun_cycles_read_usual(u64 *value)
{
	u64 counted;

	if (unlikely(krun_event_read(this_cpu_read(krun_cpu_events.usual),
				     &counted)))
		return -EBUSY;
	*value = counted +
		 this_cpu_read(krun_cpu_events.states[KRUN_EVENT_CYCLES].carried);
	return 0;
}

#endif /* _KRUN_EVENTS_H */
