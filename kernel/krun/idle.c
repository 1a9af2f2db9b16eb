// SPDX-License-Identifier: GPL-2.0-only
/*
 * What idle CPUs last read, so that a sample need not wake them.
 *
 * A halted CPU's APERF, MPERF and counters of cycles and instructions stand
 * still (SDM volume 3, "Hardware Feedback"; perf's events count unhalted cycles
 * only). While a plan wants snapshots, each CPU reads its counters when it
 * enters idle, in a probe on the cpu_idle tracepoint, and marks the snapshot as
 * stale when it leaves.
 *
 * A snapshot lacks what the CPU executes between the probe and its halt, and
 * between an interrupt that has just woken it and leaving the idle loop. It is
 * never older than that. A system-management interrupt runs without leaving idle:
 * what it counts shows only in the next snapshot.
 */
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/tracepoint.h>
#include <trace/events/power.h>
#include "compat.h"
#include "cpus.h"
#include "idle.h"
#include "sampler.h"

#define KRUN_COUNTER_BITS 8

/* A CPU that is halted leaves no trace of an SMI in its snapshot. */
#define KRUN_COUNTERS_IDLE						\
	(KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES |\
	 KRUN_COUNTER_INSTRUCTIONS | KRUN_COUNTER_INTERRUPTS |		\
	 KRUN_COUNTER_SWITCHES)

/**
 * struct krun_idle - one CPU's latest snapshot
 * @sequence:	odd while the CPU is awake or writing
 * @wanted:	KRUN_COUNTER_* that plans want from this CPU
 * @held:	KRUN_COUNTER_* in @values
 * @values:	the snapshot
 * @users:	how many plans want each of the counters
 *
 * The CPU itself writes @sequence, @held and @values; others look.
 */
struct krun_idle {
	u32 sequence;
	u32 wanted;
	u32 held;
	struct krun_slot values;
	unsigned int users[KRUN_COUNTER_BITS];
};

static DEFINE_PER_CPU(struct krun_idle, krun_idle) = { .sequence = 1 };

/* Guards @wanted and @users; taken under cpus_read_lock(). */
static DEFINE_MUTEX(krun_idle_lock);

/*
 * Guards the number of watchers. A separate lock, because tracepoints take
 * cpus_read_lock() under it.
 */
static DEFINE_MUTEX(krun_idle_watch_lock);
static unsigned int krun_idle_watchers;

/* An interrupt may do the same in the middle of this. */
static void krun_idle_leave(struct krun_idle *idle)
{
	WRITE_ONCE(idle->sequence, READ_ONCE(idle->sequence) | 1);
	/* The mark is seen before anything that the next snapshot writes. */
	smp_wmb();
}

/* Runs on the CPU that enters idle, with interrupts off, or leaves it. */
static void krun_idle_probe(void *unused, unsigned int state, unsigned int cpu)
{
	struct krun_idle *idle = this_cpu_ptr(&krun_idle);
	u32 wanted = READ_ONCE(idle->wanted);

	krun_idle_leave(idle);
	/* State 0 polls: the counters keep running. */
	if (state == (unsigned int)PWR_EVENT_EXIT || !state || !wanted)
		return;
	if (krun_read_any(&idle->values, wanted, NULL)) {
		/* Some of @values are new, and not what @held says. */
		WRITE_ONCE(idle->held, 0);
		return;
	}
	idle->values.epoch = this_cpu_read(krun_cpu.epoch);
	WRITE_ONCE(idle->held, wanted);
	/* Pairs with the smp_load_acquire() in krun_idle_answer(). */
	smp_store_release(&idle->sequence, idle->sequence + 1);
}

/**
 * krun_idle_end() - mark this CPU's snapshot as stale
 *
 * For an interrupt that reads the counters before the CPU leaves idle: no
 * snapshot used afterwards may be older than that. Interrupts are off.
 */
void krun_idle_end(void)
{
	krun_idle_leave(this_cpu_ptr(&krun_idle));
}

/* Of a snapshot that its CPU may be writing: then the sequence says so. */
static __always_inline void krun_idle_copy(struct krun_slot *to,
					   const struct krun_slot *from,
					   u32 counters)
{
	to->span = from->span;
	to->tsc = from->tsc;
	if (likely(counters == KRUN_COUNTERS_USUAL)) {
		to->aperf = from->aperf;
		to->mperf = from->mperf;
		to->cycles = from->cycles;
	} else {
		krun_slot_copy_values(to, from, counters);
	}
}

/**
 * krun_idle_answer() - write the slot of an idle CPU without waking it
 * @cpu: that CPU
 * @request: the sample; interrupts are on
 * @slot: its slot
 *
 * Return: whether the CPU was idle throughout and its snapshot has all the
 * counters that a snapshot can have. If not, the slot is still to be written.
 */
bool krun_idle_answer(int cpu, const struct krun_request *request,
		      struct krun_slot *slot)
{
	struct krun_idle *idle = &per_cpu(krun_idle, cpu);
	u32 counters = request->counters, sequence;
	bool valid;

	/* Events of a plan's own are in no snapshot. */
	if (unlikely(counters & ~(KRUN_COUNTERS_IDLE | KRUN_COUNTERS_AWAKE)))
		return false;
	counters &= KRUN_COUNTERS_IDLE;
	if (unlikely(!counters))
		return false;
	/* Pairs with the smp_store_release() of the CPU that went idle. */
	sequence = smp_load_acquire(&idle->sequence);
	if (sequence & 1 || counters & ~READ_ONCE(idle->held))
		return false;
	local_irq_disable();
	krun_slot_begin(slot);
	kcsan_disable_current();
	krun_idle_copy(slot, &idle->values, counters);
	kcsan_enable_current();
	slot->epoch = idle->values.epoch + request->generation;
	slot->sample = request->sample;
	/* Pairs with the smp_wmb() in krun_idle_leave(). */
	smp_rmb();
	/* If it wakes now, its own reading waits for the slot. */
	valid = READ_ONCE(idle->sequence) == sequence;
	if (likely(valid))
		krun_slot_end(slot, KRUN_STATUS_IDLE, 0, counters);
	else
		krun_slot_end(slot, KRUN_STATUS_EMPTY, 0, 0);
	local_irq_enable();
	return valid;
}

/**
 * krun_idle_watch() - make CPUs take snapshots on entering idle
 *
 * Must not be called under cpus_read_lock(): tracepoints take it.
 *
 * Return: 0 or an error of register_trace_cpu_idle().
 */
int krun_idle_watch(void)
{
	int err = 0;

	mutex_lock(&krun_idle_watch_lock);
	if (!krun_idle_watchers)
		err = register_trace_cpu_idle(krun_idle_probe, NULL);
	if (!err)
		krun_idle_watchers++;
	mutex_unlock(&krun_idle_watch_lock);
	return err;
}

void krun_idle_unwatch(void)
{
	int cpu;

	mutex_lock(&krun_idle_watch_lock);
	if (!--krun_idle_watchers) {
		unregister_trace_cpu_idle(krun_idle_probe, NULL);
		tracepoint_synchronize_unregister();
		/* Nothing will mark these snapshots as stale any more. */
		for_each_possible_cpu(cpu)
			krun_idle_leave(&per_cpu(krun_idle, cpu));
	}
	mutex_unlock(&krun_idle_watch_lock);
}

/**
 * krun_idle_want() - request counters in a CPU's snapshots
 * @cpu: a possible CPU
 * @counters: KRUN_COUNTER_*; those that no snapshot has are ignored
 */
void krun_idle_want(int cpu, u32 counters)
{
	struct krun_idle *idle = &per_cpu(krun_idle, cpu);
	unsigned int bit;

	counters &= KRUN_COUNTERS_IDLE;
	mutex_lock(&krun_idle_lock);
	for (bit = 0; bit < KRUN_COUNTER_BITS; bit++)
		if (counters & BIT(bit) && !idle->users[bit]++)
			WRITE_ONCE(idle->wanted, idle->wanted | BIT(bit));
	mutex_unlock(&krun_idle_lock);
}

void krun_idle_unwant(int cpu, u32 counters)
{
	struct krun_idle *idle = &per_cpu(krun_idle, cpu);
	unsigned int bit;

	counters &= KRUN_COUNTERS_IDLE;
	mutex_lock(&krun_idle_lock);
	for (bit = 0; bit < KRUN_COUNTER_BITS; bit++)
		if (counters & BIT(bit) && !--idle->users[bit])
			WRITE_ONCE(idle->wanted, idle->wanted & ~BIT(bit));
	mutex_unlock(&krun_idle_lock);
}
