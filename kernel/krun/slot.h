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
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/processor.h>
#include <linux/types.h>
#include "uapi/linux/krun.h"

static __always_inline void krun_slot_begin(struct krun_slot *slot)
{
	/* The bit operation covers 64 bits, but @cpu never changes. */
	BUILD_BUG_ON(offsetof(struct krun_slot, sequence));
	while (unlikely(test_and_set_bit_lock(0, (unsigned long *)slot)))
		cpu_relax();
}

static __always_inline void krun_slot_end(struct krun_slot *slot, u32 status,
					  u32 flags)
{
	slot->status = status;
	slot->flags = flags;
	/* Pairs with the readers in user space. No other writer gets in. */
	smp_wmb();
	slot->sequence++;
}

static inline void krun_slot_clear(struct krun_slot *slot)
{
	slot->tsc_before = 0;
	slot->aperf = 0;
	slot->mperf = 0;
	slot->cycles = 0;
	slot->instructions = 0;
	slot->ref_cycles = 0;
	slot->smi_count = 0;
	slot->tsc_after = 0;
}

static __always_inline void krun_slot_copy(struct krun_slot *to,
					   const struct krun_slot *from)
{
	to->tsc_before = from->tsc_before;
	to->aperf = from->aperf;
	to->mperf = from->mperf;
	to->cycles = from->cycles;
	to->instructions = from->instructions;
	to->ref_cycles = from->ref_cycles;
	to->smi_count = from->smi_count;
	to->tsc_after = from->tsc_after;
}

/* Zero everything that is not in @counters. */
static inline void krun_slot_keep(struct krun_slot *slot, u32 counters)
{
	if (!(counters & KRUN_COUNTER_APERF))
		slot->aperf = 0;
	if (!(counters & KRUN_COUNTER_MPERF))
		slot->mperf = 0;
	if (!(counters & KRUN_COUNTER_CYCLES))
		slot->cycles = 0;
	if (!(counters & KRUN_COUNTER_INSTRUCTIONS))
		slot->instructions = 0;
	if (!(counters & KRUN_COUNTER_REF_CYCLES))
		slot->ref_cycles = 0;
	if (!(counters & KRUN_COUNTER_SMI))
		slot->smi_count = 0;
}

#endif /* _KRUN_SLOT_H */
