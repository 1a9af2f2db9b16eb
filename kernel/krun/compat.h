/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernel versions, or needs a private header of
 * another subsystem, is wrapped here and nowhere else.
 */
#ifndef _KRUN_COMPAT_H
#define _KRUN_COMPAT_H

#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sysctl.h>
#include <linux/version.h>
#include <asm/apic.h>
#include <asm/hardirq.h>
#include <asm/idtentry.h>
#include <asm/msr.h>
#include "../arch/x86/events/perf_event.h"
#include "../arch/x86/kernel/apic/local.h"

/*
 * The plain instructions. The usual accessors have tracepoints, which would be
 * part of every sample.
 */
static __always_inline u64 krun_rdmsr(u32 msr)
{
	return __rdmsr(msr);
}

static __always_inline u64 krun_rdpmc(u32 counter)
{
	unsigned long low, high;

	asm volatile("rdpmc" : "=a" (low), "=d" (high) : "c" (counter));
	return high << 32 | low;
}

static inline int krun_rdmsr_safe_on_cpu(int cpu, u32 msr, u64 *value)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return rdmsrq_safe_on_cpu(cpu, msr, value);
#else
	return rdmsrl_safe_on_cpu(cpu, msr, value);
#endif
}

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
	bool all = static_branch_likely(&apic_use_ipi_shorthand) &&
		   cpumask_or_equal(targets, cpumask_of(smp_processor_id()),
				    cpu_online_mask);

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

	if (unlikely(atomic_read(&files->count) != 1))
		return NULL;
	return files_lookup_fd_raw(files, fd);
}

/*
 * For pages that processes map. Before 5.11 a charged page has a type, and
 * vm_insert_page() refuses what has a type: there they are not charged.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define KRUN_GFP_MAPPED	GFP_KERNEL_ACCOUNT
#else
#define KRUN_GFP_MAPPED	GFP_KERNEL
#endif

/*
 * Read-only for ever, even after mprotect(), and of one size: what mremap()
 * would add is not ours.
 */
static inline void krun_vma_restrict(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE);
#else
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_flags &= ~VM_MAYWRITE;
#endif
}

/* @table ends with an empty entry, which @entries does not count. */
static inline bool krun_register_sysctl(struct ctl_table *table, size_t entries)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return register_sysctl_sz("kernel", table, entries);
#else
	return register_sysctl("kernel", table);
#endif
}

#endif /* _KRUN_COMPAT_H */
