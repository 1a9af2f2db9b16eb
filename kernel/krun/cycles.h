/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_CYCLES_H
#define _KRUN_CYCLES_H

#include <linux/percpu.h>
#include <linux/perf_event.h>
#include "compat.h"

/**
 * struct krun_cycles - the core-cycle counter of one CPU
 * @event:	perf's event; NULL while nobody uses the counter, or while the
 *		CPU is offline
 * @carried:	what earlier events of this CPU have counted, so that the value
 *		goes on where it was after the CPU has been offline
 * @users:	how many krun_cycles_get() are not undone
 */
struct krun_cycles {
	struct perf_event *event;
	u64 carried;
	unsigned int users;
};

DECLARE_PER_CPU(struct krun_cycles, krun_cycles);
extern u64 krun_cycles_mask;

int krun_cycles_get(int cpu);
void krun_cycles_put(int cpu);

/**
 * krun_cycles_read_local() - read this CPU's core-cycle counter
 * @value: where the 64-bit count goes
 *
 * The caller has interrupts off, so perf can neither move the event to another
 * hardware counter nor free it meanwhile. Only an overflow NMI can come in
 * between; it changes prev_count, and then the reading is taken again.
 *
 * Return: 0, or -EBUSY when the event has lost its hardware counter.
 */
static __always_inline int krun_cycles_read_local(u64 *value)
{
	struct perf_event *event = this_cpu_read(krun_cycles.event);
	u64 before, counted, raw;

	if (unlikely(!event || event->state != PERF_EVENT_STATE_ACTIVE))
		return -EBUSY;
	do {
		before = local64_read(&event->hw.prev_count);
		counted = local64_read(&event->count);
		raw = krun_rdpmc(event->hw.event_base_rdpmc);
		barrier();
	} while (unlikely(before != local64_read(&event->hw.prev_count)));

	/* The counter is narrower than 64 bits, so the difference wraps too. */
	*value = this_cpu_read(krun_cycles.carried) + counted +
		 ((raw - before) & krun_cycles_mask);
	return 0;
}

#endif /* _KRUN_CYCLES_H */
