// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-process state: which CPUs are configured, and the baseline of the latest
 * reset. Resetting never touches a counter: others read them too.
 */
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "cpus.h"
#include "events.h"
#include "hooks.h"
#include "multicast.h"
#include "process.h"

static struct krun_buffer *krun_buffer_alloc(void)
{
	struct krun_buffer *buffer;

	buffer = kvzalloc(sizeof(*buffer) + nr_cpu_ids * sizeof(*buffer->slots),
			  GFP_KERNEL_ACCOUNT);
	if (buffer && !zalloc_cpumask_var(&buffer->mask, GFP_KERNEL_ACCOUNT)) {
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

/* What the MSRs count after a restart goes on where it was before. */
static inline void krun_count_on(struct krun_slot *slot, int cpu)
{
	slot->aperf += per_cpu(krun_cpu, cpu).aperf.offset;
	slot->mperf += per_cpu(krun_cpu, cpu).mperf.offset;
}

/**
 * krun_read_counts() - sample CPU 0 .. @cpus - 1 at once
 * @buffer:	where the sample goes; the caller owns it
 * @cpus:	at most the number of possible CPUs
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 * @slept:	whether the caller has slept for its turn
 *
 * Idle CPUs are woken: clients of the calls expect every counter to move.
 *
 * Return: 0, -ENXIO when one of the CPUs is offline, -EBUSY when a core-cycle
 * counter has been lost or a CPU is shielded, -EAGAIN when too many others wait:
 * then call krun_multicast_sleep(), out of any RCU read-side section, and try
 * again. The slots hold no usable values on an error.
 */
int krun_read_counts(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first, bool slept)
{
	struct krun_request request = {
		.cpus = buffer->mask,
		.slots = buffer->slots,
		.counters = KRUN_COUNTERS_USUAL,
		.cycles_first = cycles_first,
		.slept = slept,
	};
	unsigned int cpu;
	int err = 0;

	if (buffer->cpus != cpus) {
		cpumask_clear(buffer->mask);
		for (cpu = 0; cpu < cpus; cpu++)
			cpumask_set_cpu(cpu, buffer->mask);
		buffer->cpus = cpus;
	}

	/* No CPU can go offline meanwhile. */
	krun_section_begin();
	/* It does not matter whether one coming online meanwhile is seen. */
	if (likely(data_race(cpumask_subset(buffer->mask, &krun_running_cpus))))
		err = krun_sample_cpus(&request);
	else
		err = -ENXIO;
	/* The offsets are still those of the sample. */
	for (cpu = 0; cpu < cpus && !err; cpu++)
		if (likely(buffer->slots[cpu].status == KRUN_STATUS_OK))
			krun_count_on(&buffer->slots[cpu], cpu);
		else
			err = -EBUSY;
	krun_section_end();
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
	INIT_LIST_HEAD(&process->revocable);
	process->exec_id = current->self_exec_id;
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

static void krun_put_cpus(unsigned int from, unsigned int to)
{
	unsigned int cpu;

	for (cpu = from; cpu < to; cpu++)
		krun_event_put(cpu, KRUN_EVENT_CYCLES);
}

/* Guards the list and, against revoking, what it is a list of. */
static DEFINE_SPINLOCK(krun_revocable_lock);
static LIST_HEAD(krun_revocable);

/**
 * krun_process_exit() - release everything; the last thread is exiting
 * @signal: what the threads of the process share
 */
void krun_process_exit(struct signal_struct *signal)
{
	struct krun_process *process = signal->krun;

	if (likely(!process))
		return;
	signal->krun = NULL;
	spin_lock(&krun_revocable_lock);
	list_del_init(&process->revocable);
	spin_unlock(&krun_revocable_lock);
	cpus_read_lock();
	mutex_lock(&krun_cpus_lock);
	krun_put_cpus(0, process->held);
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	krun_process_free(process);
}

/**
 * krun_process_revoke() - end what kernel.krun_unprivileged has permitted
 *
 * A reading that has begun ends as usual.
 */
void krun_process_revoke(void)
{
	struct krun_process *process, *next;

	spin_lock(&krun_revocable_lock);
	list_for_each_entry_safe(process, next, &krun_revocable, revocable) {
		WRITE_ONCE(process->cpus, process->permanent);
		list_del_init(&process->revocable);
	}
	spin_unlock(&krun_revocable_lock);
}

/* Let the process use what it holds, unless the sysctl has changed meanwhile. */
static int krun_process_permit(struct krun_process *process, unsigned int cpus,
			       bool revocable)
{
	int err = 0;

	spin_lock(&krun_revocable_lock);
	if (!revocable)
		process->permanent = max(process->permanent, cpus);
	else if (!READ_ONCE(krun_unprivileged))
		err = -EPERM;
	if (!err && cpus > process->cpus)
		/* Pairs with the readers' smp_load_acquire(). */
		smp_store_release(&process->cpus, cpus);
	list_del_init(&process->revocable);
	if (process->cpus > process->permanent)
		list_add(&process->revocable, &krun_revocable);
	spin_unlock(&krun_revocable_lock);
	return err;
}

static int krun_configure_cpu(unsigned int cpu)
{
	int err = krun_cpu_probe(cpu, KRUN_COUNTERS_USUAL);

	return err ?: krun_event_get(cpu, KRUN_EVENT_CYCLES);
}

/* The permission has been checked; perf would check the calling process again. */
static int krun_process_hold(struct krun_process *process, unsigned int cpus)
{
	const struct cred *old;
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	mutex_lock(&krun_cpus_lock);
	for (cpu = 0; cpu < cpus && !err; cpu++)
		if (!krun_cpu_running(cpu))
			err = -ENXIO;
	old = override_creds(rcu_access_pointer(init_task.cred));
	/* An event that was lost since comes back. */
	for (cpu = 0; cpu < min(process->held, cpus) && !err; cpu++) {
		err = krun_event_get(cpu, KRUN_EVENT_CYCLES);
		if (!err)
			krun_event_put(cpu, KRUN_EVENT_CYCLES);
	}
	for (cpu = process->held; cpu < cpus && !err; cpu++)
		err = krun_configure_cpu(cpu);
	revert_creds(old);
	if (!err)
		process->held = max(process->held, cpus);
	else if (cpu > process->held)
		/* The last CPU tried is the one that failed. */
		krun_put_cpus(process->held, cpu - 1);
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	return err;
}

/* Older kernels cannot free by themselves what may come from vmalloc(). */
static void krun_baseline_free(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct krun_baseline, rcu));
}

/* What another program, or this one before its permission ended, has left. */
static void krun_process_begin(struct krun_process *process)
{
	struct krun_baseline *baseline;

	if (process->exec_id == current->self_exec_id)
		return;
	baseline = rcu_dereference_protected(process->baseline,
					     lockdep_is_held(&process->lock));
	RCU_INIT_POINTER(process->baseline, NULL);
	if (baseline)
		call_rcu(&baseline->rcu, krun_baseline_free);
	spin_lock(&krun_revocable_lock);
	process->permanent = 0;
	WRITE_ONCE(process->cpus, 0);
	spin_unlock(&krun_revocable_lock);
	WRITE_ONCE(process->exec_id, current->self_exec_id);
}

/**
 * krun_process_configure() - take the counters of CPU 0 .. @cpus - 1
 * @process: the calling process's state
 * @cpus: at most the number of possible CPUs
 * @revocable: the permission is kernel.krun_unprivileged
 *
 * All or nothing: on an error the process has what it had before.
 *
 * Return: 0, -ENXIO, -EOPNOTSUPP, -EBUSY, -ENOMEM, -EINTR, or -EPERM when the
 * sysctl has changed meanwhile.
 */
int krun_process_configure(struct krun_process *process, unsigned int cpus,
			   bool revocable)
{
	int err;

	if (!krun_multicast_possible())
		return -EOPNOTSUPP;
	if (mutex_lock_killable(&process->lock))
		return -EINTR;
	krun_process_begin(process);
	err = krun_process_hold(process, cpus);
	if (!err)
		err = krun_process_permit(process, cpus, revocable);
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
	bool slept = false;
	unsigned int cpu;
	int err;

	baseline = kvzalloc(sizeof(*baseline) +
			    nr_cpu_ids * sizeof(*baseline->counts),
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
		       nr_cpu_ids * sizeof(*old->counts));
	while (!err) {
		err = krun_read_counts(buffer, cpus, false, slept);
		if (err != -EAGAIN)
			break;
		err = krun_multicast_sleep();
		slept = true;
	}
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
		call_rcu(&baseline->rcu, krun_baseline_free);
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
