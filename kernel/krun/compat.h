/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernel versions is wrapped here, in older.h, or
 * in the access.h of the patched kernel or of the module, and nowhere else.
 */
#ifndef _KRUN_COMPAT_H
#define _KRUN_COMPAT_H

#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sysctl.h>
#include <linux/version.h>
#include <asm/hardirq.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include "older.h"

/*
 * The plain instructions. The usual accessors have tracepoints, which would be
 * part of every sample.
 */
static __always_inline u64 krun_rdmsr(u32 msr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 10, 0)
	return __rdmsr(msr);
#else
	unsigned long low, high;

	asm volatile("1: rdmsr\n"
		     "2:\n"
		     _ASM_EXTABLE_HANDLE(1b, 2b, ex_handler_rdmsr_unsafe)
		     : "=a" (low), "=d" (high) : "c" (msr));
	return high << 32 | low;
#endif
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

/* What perf asks of who counts on a whole CPU. */
#ifdef CAP_PERFMON /* new in 5.8 */
#define KRUN_CAP_PERFMON CAP_PERFMON
#else
#define KRUN_CAP_PERFMON CAP_SYS_ADMIN
#endif

/* Whether events of @pmu, which may be NULL, keep virtual machines out. */
static inline bool krun_pmu_is_mediated(const struct pmu *pmu)
{
#ifdef PERF_PMU_CAP_MEDIATED_VPMU
	return pmu && pmu->capabilities & PERF_PMU_CAP_MEDIATED_VPMU;
#else
	return false;
#endif
}

/*
 * Interrupts of this CPU. Not arch_irq_stat_cpu(), which counts those of
 * performance counters twice, as what they are and as NMIs.
 */
#ifdef inc_perf_irq_stat /* since the counts are one array */
#define krun_irq_stat(kind) this_cpu_read(irq_stat.counts[IRQ_COUNT_##kind])
#else
#define KRUN_IRQ_NMI				__nmi_count
#define KRUN_IRQ_APIC_TIMER			apic_timer_irqs
#define KRUN_IRQ_SPURIOUS			irq_spurious_count
#define KRUN_IRQ_IRQ_WORK			apic_irq_work_irqs
#define KRUN_IRQ_X86_PLATFORM_IPI		x86_platform_ipis
#define KRUN_IRQ_RESCHEDULE			irq_resched_count
#define KRUN_IRQ_CALL_FUNCTION			irq_call_count
#define KRUN_IRQ_THERMAL_APIC			irq_thermal_count
#define KRUN_IRQ_THRESHOLD_APIC			irq_threshold_count
#define KRUN_IRQ_DEFERRED_ERROR			irq_deferred_error_count
#define KRUN_IRQ_POSTED_INTR			kvm_posted_intr_ipis
#define KRUN_IRQ_POSTED_INTR_NESTED		kvm_posted_intr_nested_ipis
#define KRUN_IRQ_POSTED_INTR_WAKEUP		kvm_posted_intr_wakeup_ipis
#define KRUN_IRQ_HYPERVISOR_CALLBACK		irq_hv_callback_count
#define KRUN_IRQ_HYPERV_REENLIGHTENMENT		irq_hv_reenlightenment_count
#define KRUN_IRQ_HYPERV_STIMER0			hyperv_stimer0_count
#define KRUN_IRQ_POSTED_MSI_NOTIFICATION	posted_msi_notification_count
#define krun_irq_stat(kind) this_cpu_read(irq_stat.KRUN_IRQ_##kind)
#endif

static __always_inline u32 krun_irq_timer(void)
{
	return krun_irq_stat(APIC_TIMER);
}

static __always_inline u32 krun_irq_reschedule(void)
{
	return krun_irq_stat(RESCHEDULE);
}

static __always_inline u32 krun_irq_call(void)
{
	return krun_irq_stat(CALL_FUNCTION);
}

static __always_inline u32 krun_irq_nmi(void)
{
	return krun_irq_stat(NMI);
}

static __always_inline u32 krun_irq_other(void)
{
	u32 sum = krun_irq_stat(IRQ_WORK) +
		  krun_irq_stat(SPURIOUS) +
		  krun_irq_stat(X86_PLATFORM_IPI);

#ifdef CONFIG_X86_THERMAL_VECTOR
	sum += krun_irq_stat(THERMAL_APIC);
#endif
#ifdef CONFIG_X86_MCE_THRESHOLD
	sum += krun_irq_stat(THRESHOLD_APIC);
#endif
#ifdef CONFIG_X86_MCE_AMD
	sum += krun_irq_stat(DEFERRED_ERROR);
#endif
#if IS_ENABLED(CONFIG_KVM)
	sum += krun_irq_stat(POSTED_INTR) +
	       krun_irq_stat(POSTED_INTR_WAKEUP);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 12, 0)
	sum += krun_irq_stat(POSTED_INTR_NESTED);
#endif
#endif
#if defined(CONFIG_X86_HV_CALLBACK_VECTOR) || /* new in 5.3 */		\
	(LINUX_VERSION_CODE < KERNEL_VERSION(5, 3, 0) &&		\
	 (IS_ENABLED(CONFIG_HYPERV) || defined(CONFIG_XEN)))
	sum += krun_irq_stat(HYPERVISOR_CALLBACK);
#endif
#if IS_ENABLED(CONFIG_HYPERV) && LINUX_VERSION_CODE >= KERNEL_VERSION(4, 17, 0)
	sum += krun_irq_stat(HYPERV_REENLIGHTENMENT) +
	       krun_irq_stat(HYPERV_STIMER0);
#endif
#ifdef CONFIG_GUEST_PERF_EVENTS
#ifdef inc_perf_irq_stat
	sum += krun_irq_stat(PERF_GUEST_MEDIATED_PMI);
#endif
#endif
#ifdef CONFIG_X86_POSTED_MSI
	sum += krun_irq_stat(POSTED_MSI_NOTIFICATION);
#endif
	return sum;
}

/* What a probe of the sched_switch tracepoint gets. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define KRUN_SCHED_SWITCH_ARGUMENTS					\
	void *unused, bool preempt, struct task_struct *prev,		\
	struct task_struct *next, unsigned int prev_state
#else
#define KRUN_SCHED_SWITCH_ARGUMENTS					\
	void *unused, bool preempt, struct task_struct *prev,		\
	struct task_struct *next
#endif

/* Whether isolcpus= knows managed_irq. */
#define KRUN_HAS_MANAGED_IRQ (LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0))

/*
 * While this lasts, no CPU goes offline, no plan goes away, and no softirq runs on
 * this CPU in the middle of its turn. With PREEMPT_RT softirqs are threads.
 */
static __always_inline void krun_section_begin(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
	else
		local_bh_disable();
}

static __always_inline void krun_section_end(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
	else
		local_bh_enable();
}

/*
 * Callers that sleep, and are woken one by one, the first one first. Before 4.19
 * the simple wait queues wake the last one first.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 19, 0)
#include <linux/swait.h>
#define KRUN_WAIT_HEAD(name) DECLARE_SWAIT_QUEUE_HEAD(name)
#define KRUN_WAITER(name) DECLARE_SWAITQUEUE(name)
#define krun_wait_begin prepare_to_swait_exclusive
#define krun_wait_end finish_swait
#define krun_wait_active swait_active
#define krun_wait_wake_one swake_up_one
#else
#include <linux/wait.h>
#define KRUN_WAIT_HEAD(name) DECLARE_WAIT_QUEUE_HEAD(name)
#define KRUN_WAITER(name) DEFINE_WAIT(name)
#define krun_wait_begin prepare_to_wait_exclusive
#define krun_wait_end finish_wait
#define krun_wait_active waitqueue_active
#define krun_wait_wake_one wake_up
#endif

/*
 * Access to user space in a row, which a check of the addresses begins. They may
 * be read and written.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 0, 0)
#define krun_access_ok(address, size) access_ok(address, size)
#define krun_user_access_begin(address, size) user_access_begin(address, size)
#else
#define krun_access_ok(address, size) access_ok(VERIFY_WRITE, address, size)
#define krun_user_access_begin(address, size)				\
	(krun_access_ok(address, size) && ({ user_access_begin(); true; }))
#endif

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

/* Of a sysctl's handler; the table is constant since 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define KRUN_SYSCTL_ARGUMENTS						\
	const struct ctl_table *table, int write, void *buffer,		\
	size_t *lenp, loff_t *ppos
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 8, 0)
#define KRUN_SYSCTL_ARGUMENTS						\
	struct ctl_table *table, int write, void *buffer,		\
	size_t *lenp, loff_t *ppos
#else
#define KRUN_SYSCTL_ARGUMENTS						\
	struct ctl_table *table, int write, void __user *buffer,	\
	size_t *lenp, loff_t *ppos
#endif

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
