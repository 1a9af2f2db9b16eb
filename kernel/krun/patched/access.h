/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel that has us built in gives us, from private headers of other
 * subsystems. The module has its own: see module/access.h.
 */
#ifndef _KRUN_ACCESS_H
#define _KRUN_ACCESS_H

#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/tick.h>
#include <asm/irq_vectors.h>
#include <trace/events/sched.h>
#include "compat.h"
#include "../../arch/x86/events/perf_event.h"

/* KRUN_FEATURE_* that every kernel with this file has. */
#define KRUN_FEATURES_ACCESS 0

/* Width in bits of the counters that perf programs. */
static inline int krun_counter_bits(void)
{
	return x86_pmu.cntval_bits;
}

/* Whether perf has an event for @config, one of PERF_COUNT_HW_*, on this PMU. */
static inline bool krun_pmu_has_event(u64 config)
{
	return x86_pmu.event_map && config < x86_pmu.max_events &&
	       x86_pmu.event_map(config);
}

/*
 * The PMU that counts core cycles on @cpu; NULL without. Kernels that know one PMU
 * for all CPUs keep it to themselves; it has the type of raw events.
 */
static inline struct pmu *krun_cpu_pmu(int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
	return x86_get_pmu(cpu);
#else
	return NULL;
#endif
}

static inline bool krun_is_cpu_pmu(const struct pmu *pmu, int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
	return pmu == x86_get_pmu(cpu);
#else
	return pmu->type == PERF_TYPE_RAW;
#endif
}

/*
 * Before 4.16, the first event and the last one of all make perf wait for CPU
 * hotplug to end. Our callbacks are a part of that, and perf would wait for ever: so
 * there is always one more, which counts nothing and takes no hardware counter.
 */
static inline void krun_pmu_hold(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 16, 0)
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_HARDWARE,
		.size		= sizeof(attr),
		.config		= PERF_COUNT_HW_CPU_CYCLES,
		.disabled	= 1,
	};

	/* Without a PMU there are no other events, either. */
	if (IS_ERR(perf_event_create_kernel_counter(&attr, 0, NULL, NULL, NULL)) &&
	    x86_pmu.num_counters)
		pr_warn("krun: no event to hold: CPU hotplug may wait for ever\n");
#endif
}

/* Nothing to find out when a CPU comes online. */
static inline void krun_pmu_probe(int cpu) { }

/* Whether perf, and the security module, let the current task count whole CPUs. */
static inline int krun_perf_allow_cpu(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return perf_allow_cpu();
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 5, 0)
	struct perf_event_attr attr = { .size = sizeof(attr) };

	return perf_allow_cpu(&attr);
#else
	return perf_paranoid_cpu() && !perfmon_capable() ? -EACCES : 0;
#endif
}

/* Whether @cpu is an adaptive-tick CPU. */
static __always_inline bool krun_nohz_full_cpu(int cpu)
{
	return tick_nohz_full_cpu(cpu);
}

static inline int krun_switches_register(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS))
{
	return register_trace_sched_switch(probe, NULL);
}

static inline void krun_switches_unregister(void (*probe)(KRUN_SCHED_SWITCH_ARGUMENTS))
{
	unregister_trace_sched_switch(probe, NULL);
}

#ifdef KRUN_VECTOR
#include <asm/apic.h>
#include <asm/idtentry.h>
#include "../../arch/x86/kernel/apic/local.h"

static __always_inline void krun_end_of_interrupt(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	apic_eoi();
#else
	ack_APIC_irq();
#endif
}

/* Counts as a function call in /proc/interrupts. */
static __always_inline void krun_count_interrupt(void)
{
#ifdef inc_perf_irq_stat /* since the counts are one array */
	inc_irq_stat(CALL_FUNCTION);
#else
	inc_irq_stat(irq_call_count);
#endif
}

/*
 * Interrupt @targets, which do not include this CPU: with one write for all if
 * that is known to reach only online CPUs.
 */
static inline void krun_send_interrupts(const struct cpumask *targets,
					int vector)
{
	const struct cpumask *own = cpumask_of(smp_processor_id());
	bool all = static_branch_likely(&apic_use_ipi_shorthand);

	/* A CPU that comes online meanwhile may be in the mask or not. */
	all = all && data_race(cpumask_or_equal(targets, own, cpu_online_mask));

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	if (all)
		__apic_send_IPI_allbutself(vector);
	else
		__apic_send_IPI_mask(targets, vector);
#else
	if (all)
		apic->send_IPI_allbutself(vector);
	else
		apic->send_IPI_mask(targets, vector);
#endif
}
#endif /* KRUN_VECTOR */

#ifndef fd_file /* new in 6.12 */
#define fd_file(fd) ((fd).file)
#endif

/*
 * The open file @fd of a process that does not share its descriptors, so that
 * nobody can close it meanwhile: the short path of fdget(). NULL if it is not
 * open, or if the descriptors are shared.
 */
static __always_inline struct file *krun_own_file(unsigned int fd)
{
	struct files_struct *files = current->files;
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
	const struct fdtable *fdt;
#endif

	if (unlikely(atomic_read(&files->count) != 1))
		return NULL;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return files_lookup_fd_raw(files, fd);
#else
	fdt = rcu_dereference_raw(files->fdt);
	if (unlikely(fd >= fdt->max_fds))
		return NULL;
#ifdef array_index_nospec
	fd = array_index_nospec(fd, fdt->max_fds);
#endif
	return rcu_dereference_raw(fdt->fd[fd]);
#endif
}

#endif /* _KRUN_ACCESS_H */
