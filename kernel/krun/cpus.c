// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs come and go, and the machine sleeps.
 *
 * A CPU is sampled from the end of coming online, when its counters count again,
 * to the beginning of going offline, whatever cpu_online() says in between. All
 * CPUs, the first among them, stop before a suspend and start after it: the
 * firmware may have reset every counter, and perf does not notice on the CPU
 * that is never taken offline. Each of these begins a new epoch.
 *
 * For suspends there is a platform device, whose callbacks run while user space
 * is frozen and all CPUs are online. A PM notifier would leave gaps before the
 * freeze and after the thaw, in which user space samples.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include "access.h"
#include "cpus.h"
#include "events.h"
#include "idle.h"
#include "own_events.h"
#include "sampler.h"

DEFINE_PER_CPU(struct krun_cpu, krun_cpu) = { .epoch = 1 };
struct cpumask krun_running_cpus;
/* See cpus.h. */
DEFINE_MUTEX(krun_cpus_lock);

static bool krun_suspended;
static bool krun_initialised;

/**
 * krun_epoch_change() - begin a new epoch of this CPU
 *
 * Interrupts are off. An idle snapshot of the previous one is stale.
 */
void krun_epoch_change(void)
{
	this_cpu_inc(krun_cpu.epoch);
	krun_idle_end();
}

static bool krun_msr_readable(int cpu, u32 msr)
{
	u64 value;

	return !krun_rdmsr_safe_on_cpu(cpu, msr, &value);
}

/*
 * CPUID announces APERF and MPERF (06H:ECX[0]) and the thermal status (06H:EAX[6],
 * 01H:EDX[22]); reading them must not fault either, since some hypervisors
 * announce what they do not have. Others answer 0 for MSRs of another vendor.
 */
static const struct {
	u32 counters;
	u32 msr;
	int feature;	/* -1: every Intel CPU may have it */
	bool intel;
	const char *what;
	const char *bit;
} krun_msrs[] = {
	{ KRUN_COUNTER_APERF, MSR_IA32_APERF, X86_FEATURE_APERFMPERF, false,
	  "APERF", "CPUID.06H:ECX[0]" },
	{ KRUN_COUNTER_MPERF, MSR_IA32_MPERF, X86_FEATURE_APERFMPERF, false,
	  "MPERF", "CPUID.06H:ECX[0]" },
	{ KRUN_COUNTER_SMI, MSR_SMI_COUNT, -1, true,
	  "count of system-management interrupts (MSR 34H)", "Intel CPUs" },
	{ KRUN_COUNTER_THERMAL, MSR_IA32_THERM_STATUS, X86_FEATURE_ACPI, true,
	  "thermal status (MSR 19CH)", "CPUID.01H:EDX[22]" },
	{ KRUN_COUNTER_PACKAGE_THERMAL, MSR_IA32_PACKAGE_THERM_STATUS,
	  X86_FEATURE_PTS, true, "thermal status of the package (MSR 1B1H)",
	  "CPUID.06H:EAX[6]" },
};

static bool krun_msr_announced(int cpu, unsigned int which)
{
	if (krun_msrs[which].intel &&
	    boot_cpu_data.x86_vendor != X86_VENDOR_INTEL)
		return false;
	return krun_msrs[which].feature < 0 ||
	       cpu_has(&cpu_data(cpu), krun_msrs[which].feature);
}

/**
 * krun_cpu_msrs() - the KRUN_COUNTER_* that are MSRs and that a CPU has
 * @cpu: an online CPU
 */
u32 krun_cpu_msrs(int cpu)
{
	u32 counters = 0;
	unsigned int which;

	for (which = 0; which < ARRAY_SIZE(krun_msrs); which++)
		if (krun_msr_announced(cpu, which) &&
		    krun_msr_readable(cpu, krun_msrs[which].msr))
			counters |= krun_msrs[which].counters;
	return counters;
}

/**
 * krun_cpu_probe() - whether a CPU has certain MSRs
 * @cpu: a CPU that is running
 * @counters: KRUN_COUNTER_*; those that are no MSRs are ignored
 *
 * Return: 0, or -EOPNOTSUPP and one line in the kernel's log that says which.
 */
int krun_cpu_probe(int cpu, u32 counters)
{
	static unsigned long said;
	u32 missing = counters & ~per_cpu(krun_cpu.counters, cpu);
	unsigned int which;

	for (which = 0; which < ARRAY_SIZE(krun_msrs); which++) {
		if (!(missing & krun_msrs[which].counters))
			continue;
		if (!test_and_set_bit(which, &said))
			pr_notice("CPU %d: no %s (%s: %s)\n", cpu,
				  krun_msrs[which].what, krun_msrs[which].bit,
				  krun_msr_announced(cpu, which) ?
					  "reading it faults" : "no");
		return -EOPNOTSUPP;
	}
	return 0;
}

static void krun_note(struct krun_restart *restart, u32 msr)
{
	restart->last = krun_rdmsr(msr) + restart->offset;
}

static void krun_count_on(struct krun_restart *restart, u32 msr)
{
	u64 value = krun_rdmsr(msr);

	if (value + restart->offset < restart->last)
		restart->offset = restart->last - value;
}

/* On the CPU, with interrupts off: nothing of it is sampled half-way. */
static void krun_cpu_stop_here(void *unused)
{
	struct krun_cpu *cpu = this_cpu_ptr(&krun_cpu);

	cpumask_clear_cpu(smp_processor_id(), &krun_running_cpus);
	krun_events_hide();
	krun_own_hide();
	if (cpu->counters & KRUN_COUNTER_APERF)
		krun_note(&cpu->aperf, MSR_IA32_APERF);
	if (cpu->counters & KRUN_COUNTER_MPERF)
		krun_note(&cpu->mperf, MSR_IA32_MPERF);
	krun_epoch_change();
}

static void krun_cpu_start_here(void *unused)
{
	struct krun_cpu *cpu = this_cpu_ptr(&krun_cpu);

	if (cpu->counters & KRUN_COUNTER_APERF)
		krun_count_on(&cpu->aperf, MSR_IA32_APERF);
	if (cpu->counters & KRUN_COUNTER_MPERF)
		krun_count_on(&cpu->mperf, MSR_IA32_MPERF);
	krun_events_show();
	krun_own_show();
	if (krun_initialised)
		krun_epoch_change();
	cpumask_set_cpu(smp_processor_id(), &krun_running_cpus);
}

static void krun_cpu_stop(int cpu)
{
	if (!krun_cpu_running(cpu))
		return;
	smp_call_function_single(cpu, krun_cpu_stop_here, NULL, 1);
	krun_events_stop_cpu(cpu);
	krun_own_stop_cpu(cpu);
}

static void krun_cpu_start(int cpu)
{
	per_cpu(krun_cpu.counters, cpu) = krun_cpu_msrs(cpu);
	krun_pmu_probe(cpu);
	krun_events_start_cpu(cpu);
	krun_own_start_cpu(cpu);
	smp_call_function_single(cpu, krun_cpu_start_here, NULL, 1);
}

static int krun_cpu_online(unsigned int cpu)
{
	mutex_lock(&krun_cpus_lock);
	if (!krun_suspended)
		krun_cpu_start(cpu);
	mutex_unlock(&krun_cpus_lock);
	return 0;
}

static int krun_cpu_offline(unsigned int cpu)
{
	mutex_lock(&krun_cpus_lock);
	krun_cpu_stop(cpu);
	mutex_unlock(&krun_cpus_lock);
	return 0;
}

static int __maybe_unused krun_suspend(struct device *device)
{
	int cpu;

	cpus_read_lock();
	mutex_lock(&krun_cpus_lock);
	krun_suspended = true;
	for_each_online_cpu(cpu)
		krun_cpu_stop(cpu);
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	return 0;
}

/* Not with the credentials of who has suspended the machine. */
static int __maybe_unused krun_resume(struct device *device)
{
	const struct cred *old;
	int cpu;

	old = override_creds(rcu_access_pointer(init_task.cred));
	cpus_read_lock();
	mutex_lock(&krun_cpus_lock);
	krun_suspended = false;
	for_each_online_cpu(cpu)
		krun_cpu_start(cpu);
	mutex_unlock(&krun_cpus_lock);
	cpus_read_unlock();
	revert_creds(old);
	return 0;
}

static SIMPLE_DEV_PM_OPS(krun_pm_ops, krun_suspend, krun_resume);

static int krun_platform_probe(struct platform_device *device)
{
	return 0;
}

static struct platform_driver krun_platform_driver = {
	.probe = krun_platform_probe,
	.driver = {
		.name = "krun",
		.pm = &krun_pm_ops,
		.suppress_bind_attrs = true,
	},
};

static struct platform_device *krun_platform_device;
static int krun_cpus_state;

/**
 * krun_cpus_init() - let the CPUs be sampled
 *
 * Return: 0, or an error of cpuhp_setup_state() or platform_create_bundle().
 */
int __init krun_cpus_init(void)
{
	krun_cpus_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "krun:online",
					    krun_cpu_online, krun_cpu_offline);
	if (krun_cpus_state < 0)
		return krun_cpus_state;
	krun_events_init();
	krun_initialised = true;
	krun_platform_device =
		platform_create_bundle(&krun_platform_driver,
				       krun_platform_probe, NULL, 0, NULL, 0);
	if (IS_ERR(krun_platform_device)) {
		/* Counters that restart unnoticed would be worse than none. */
		cpuhp_remove_state(krun_cpus_state);
		pr_warn("suspends would not be noticed (error %ld)\n",
			PTR_ERR(krun_platform_device));
		return PTR_ERR(krun_platform_device);
	}
	return 0;
}

/**
 * krun_cpus_exit() - undo krun_cpus_init()
 *
 * No plan is left, so that no CPU is being sampled.
 */
void krun_cpus_exit(void)
{
	platform_device_unregister(krun_platform_device);
	platform_driver_unregister(&krun_platform_driver);
	cpuhp_remove_state(krun_cpus_state);
}
