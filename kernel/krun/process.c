// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-process state: which CPUs are configured, and the baseline of the latest
 * reset. Resetting never touches a counter: others read them too.
 */
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "events.h"
#include "hooks.h"
#include "multicast.h"
#include "process.h"

static struct krun_buffer *krun_buffer_alloc(void)
{
	struct krun_buffer *buffer;

	buffer = kvzalloc(struct_size(buffer, slots, nr_cpu_ids), GFP_KERNEL);
	if (buffer && !zalloc_cpumask_var(&buffer->mask, GFP_KERNEL)) {
		kvfree(buffer);
		buffer = NULL;
	}
	return buffer;
}

static void krun_buffer_free(struct krun_buffer *buffer)
{
	if (!buffer)
		return;
	free_cpumask_var(buffer->mask);
	kvfree(buffer);
}

/**
 * krun_read_counts() - sample CPU 0 .. @cpus - 1 at once
 * @buffer:	where the sample goes; the caller owns it
 * @cpus:	at most the number of possible CPUs
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 *
 * Idle CPUs are woken: clients of the calls expect every counter to move.
 *
 * Return: 0, -ENXIO when one of the CPUs is offline, -EBUSY when a core-cycle
 * counter has been lost. The slots hold no usable values on an error.
 */
int krun_read_counts(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first)
{
	struct krun_request request = {
		.cpus = buffer->mask,
		.slots = buffer->slots,
		.counters = KRUN_COUNTERS_USUAL,
		.cycles_first = cycles_first,
	};
	unsigned int cpu;
	int err = 0;

	if (buffer->cpus != cpus) {
		cpumask_clear(buffer->mask);
		for (cpu = 0; cpu < cpus; cpu++)
			cpumask_set_cpu(cpu, buffer->mask);
		buffer->cpus = cpus;
	}

	/* No CPU can go offline while preemption is off here. */
	preempt_disable();
	/* It does not matter whether one coming online meanwhile is seen. */
	if (likely(data_race(cpumask_subset(buffer->mask, cpu_online_mask))))
		krun_sample_cpus(&request);
	else
		err = -ENXIO;
	preempt_enable();

	for (cpu = 0; cpu < cpus && !err; cpu++)
		if (buffer->slots[cpu].status != KRUN_STATUS_OK)
			err = -EBUSY;
	return err;
}

static void krun_process_free(struct krun_process *process)
{
	krun_buffer_free(process->buffer);
	kvfree(rcu_access_pointer(process->baseline));
	kfree(process);
}

/**
 * krun_process_get() - the calling process's state, created if necessary
 *
 * Return: the state, or NULL without memory.
 */
struct krun_process *krun_process_get(void)
{
	struct krun_process *process = krun_process_current();
	struct krun_process *other;

	if (process)
		return process;
	process = kzalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process)
		return NULL;
	mutex_init(&process->lock);
	process->buffer = krun_buffer_alloc();
	if (!process->buffer) {
		krun_process_free(process);
		return NULL;
	}
	/* Another thread may have been quicker. */
	other = cmpxchg_release(&current->signal->krun, NULL, process);
	if (other) {
		krun_process_free(process);
		process = other;
	}
	return process;
}

/**
 * krun_process_exit() - release everything; the last thread is exiting
 * @signal: what the threads of the process share
 */
void krun_process_exit(struct signal_struct *signal)
{
	struct krun_process *process = signal->krun;
	unsigned int cpu;

	if (likely(!process))
		return;
	signal->krun = NULL;
	cpus_read_lock();
	for (cpu = 0; cpu < process->cpus; cpu++)
		krun_event_put(cpu, KRUN_EVENT_CYCLES);
	cpus_read_unlock();
	krun_process_free(process);
}

static int krun_configure_cpu(unsigned int cpu)
{
	int err = krun_sampler_probe(cpu, KRUN_COUNTERS_USUAL);

	return err ?: krun_event_get(cpu, KRUN_EVENT_CYCLES);
}

/**
 * krun_process_configure() - take the counters of CPU 0 .. @cpus - 1
 * @process: the calling process's state
 * @cpus: at most the number of possible CPUs
 *
 * All or nothing: on an error the process has what it had before.
 *
 * Return: 0, -ENXIO, -EOPNOTSUPP, -EBUSY, -ENOMEM or -EINTR.
 */
int krun_process_configure(struct krun_process *process, unsigned int cpus)
{
	unsigned int cpu;
	int err = 0;

	if (!krun_multicast_possible())
		return -EOPNOTSUPP;
	if (mutex_lock_killable(&process->lock))
		return -EINTR;
	cpus_read_lock();
	for (cpu = 0; cpu < cpus && !err; cpu++)
		if (!cpu_online(cpu))
			err = -ENXIO;
	for (cpu = process->cpus; cpu < cpus && !err; cpu++)
		err = krun_configure_cpu(cpu);
	if (!err && cpus > process->cpus) {
		/* Pairs with the readers' smp_load_acquire(). */
		smp_store_release(&process->cpus, cpus);
	} else if (err && cpu > process->cpus) {
		/* The last CPU tried is the one that failed. */
		for (cpu--; cpu-- > process->cpus;)
			krun_event_put(cpu, KRUN_EVENT_CYCLES);
	}
	cpus_read_unlock();
	mutex_unlock(&process->lock);
	return err;
}

/**
 * krun_process_reset() - make CPU 0 .. @cpus - 1 count from zero
 * @process: the calling process's state
 * @cpus: no more than are configured
 *
 * Return: 0, -ENXIO, -EBUSY, -ENOMEM or -EINTR.
 */
int krun_process_reset(struct krun_process *process, unsigned int cpus)
{
	struct krun_baseline *baseline, *old;
	struct krun_buffer *buffer;
	unsigned int cpu;
	int err;

	baseline = kvzalloc(struct_size(baseline, counts, nr_cpu_ids),
			    GFP_KERNEL_ACCOUNT);
	buffer = krun_process_take_buffer(process);
	err = baseline && buffer ? 0 : -ENOMEM;
	if (!err && mutex_lock_killable(&process->lock))
		err = -EINTR;
	if (err)
		goto out;

	old = rcu_dereference_protected(process->baseline,
					lockdep_is_held(&process->lock));
	if (old)
		memcpy(baseline->counts, old->counts,
		       array_size(nr_cpu_ids, sizeof(*old->counts)));
	err = krun_read_counts(buffer, cpus, false);
	for (cpu = 0; cpu < cpus && !err; cpu++)
		baseline->counts[cpu] = krun_counts_of(&buffer->slots[cpu]);
	if (!err) {
		rcu_assign_pointer(process->baseline, baseline);
		baseline = old;
	}
	mutex_unlock(&process->lock);
out:
	/* The old one, which a reading may still use, or the unused new one. */
	if (baseline)
		kvfree_rcu(baseline, rcu);
	krun_process_return_buffer(process, buffer);
	return err;
}

/**
 * krun_process_take_buffer() - room for a sample of many CPUs
 * @process: the calling process's state
 *
 * Return: the process's own buffer; if another of its threads is using that, a
 * new one, or NULL without memory.
 */
struct krun_buffer *krun_process_take_buffer(struct krun_process *process)
{
	if (likely(!test_and_set_bit_lock(0, &process->buffer_busy)))
		return process->buffer;
	return krun_buffer_alloc();
}

void krun_process_return_buffer(struct krun_process *process,
				struct krun_buffer *buffer)
{
	if (likely(buffer == process->buffer))
		clear_bit_unlock(0, &process->buffer_busy);
	else
		krun_buffer_free(buffer);
}
