/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing a slot that user space may be reading.
 *
 * Usually a slot is written by its own CPU. If that CPU must not be interrupted,
 * the caller of the sample writes it instead, and two callers may do so at once.
 * So the odd sequence number is also a lock among writers. It is held only with
 * interrupts off, for a few instructions.
 */
#ifndef _KRUN_SLOT_H
#define _KRUN_SLOT_H

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/processor.h>
#include "uapi/linux/krun.h"

static __always_inline void krun_slot_begin(struct krun_slot *slot)
{
	/* The bit operation covers 64 bits, but @cpu never changes. */
	BUILD_BUG_ON(offsetof(struct krun_slot, sequence));
	while (unlikely(test_and_set_bit_lock(0, (unsigned long *)slot)))
		cpu_relax();
}

static __always_inline void krun_slot_end(struct krun_slot *slot, u16 status,
					  u16 flags, u32 valid)
{
	/* One store. */
	BUILD_BUG_ON(offsetof(struct krun_slot, status) % 8);
	*(u64 *)&slot->status = (u64)valid << 32 | (u32)flags << 16 | status;
	/* Pairs with the readers in user space. No other writer gets in. */
	smp_wmb();
	slot->sequence++;
}

/* Everything but what krun_slot_end() and every sample write. */
static inline void krun_slot_clear(struct krun_slot *slot)
{
	const size_t begin = offsetof(struct krun_slot, span);

	/* Of the whole slot, for FORTIFY_SOURCE: not of one member. */
	memset((void *)slot + begin, 0, sizeof(*slot) - begin);
}

/* The values of @counters; of the others, @to keeps what it has. */
static inline void krun_slot_copy_values(struct krun_slot *to,
					 const struct krun_slot *from,
					 u32 counters)
{
	if (counters & KRUN_COUNTER_APERF)
		to->aperf = from->aperf;
	if (counters & KRUN_COUNTER_MPERF)
		to->mperf = from->mperf;
	if (counters & KRUN_COUNTER_CYCLES)
		to->cycles = from->cycles;
	if (counters & KRUN_COUNTER_INSTRUCTIONS)
		to->instructions = from->instructions;
	if (counters & KRUN_COUNTER_SWITCHES)
		to->switches = from->switches;
	if (counters & KRUN_COUNTER_INTERRUPTS) {
		to->irq_timer = from->irq_timer;
		to->irq_reschedule = from->irq_reschedule;
		to->irq_call = from->irq_call;
		to->irq_device = from->irq_device;
		to->irq_nmi = from->irq_nmi;
		to->irq_other = from->irq_other;
		to->own = from->own;
	}
}

#endif /* _KRUN_SLOT_H */
