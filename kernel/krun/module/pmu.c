// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which events perf has, and whose they are.
 *
 * The description of the PMU (x86_pmu) is not exported. So each CPU that comes
 * online tries the events that plans share, without letting them count: perf
 * knows, and the event names its PMU.
 */
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <asm/processor.h>
#include "access.h"

static DEFINE_PER_CPU(struct pmu *, krun_pmu);

/* By PERF_COUNT_HW_*: at least one CPU has it, or could not be asked. */
static unsigned long krun_pmu_events;

/* CPUID.0AH: architectural performance monitoring. */
#define KRUN_CPUID_PERFMON 10

/**
 * krun_counter_bits() - width in bits of the counters that perf programs
 *
 * Intel: CPUID.0AH:EAX[23:16]. AMD's and Hygon's always have 48 (APM volume 2,
 * "Performance Counter MSRs").
 *
 * Return: the width; 0 if the CPU has none or does not say.
 */
int krun_counter_bits(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return krun_pmu_events ? 48 : 0;
	}
	if (boot_cpu_data.cpuid_level < KRUN_CPUID_PERFMON)
		return 0;
	return cpuid_eax(KRUN_CPUID_PERFMON) >> 16 & 0xff;
}

/**
 * krun_pmu_has_event() - whether perf has an event
 * @config: one of PERF_COUNT_HW_*
 */
bool krun_pmu_has_event(u64 config)
{
	return config < BITS_PER_LONG && test_bit(config, &krun_pmu_events);
}

/**
 * krun_cpu_pmu() - the PMU that counts core cycles on a CPU
 * @cpu: a possible CPU
 *
 * Return: that PMU; NULL without one, or before the CPU has been online.
 */
struct pmu *krun_cpu_pmu(int cpu)
{
	return READ_ONCE(per_cpu(krun_pmu, cpu));
}

/*
 * A disabled event: it takes no hardware counter. perf checks the permission of
 * the current credentials, as for any event of a CPU. It counts no virtual
 * machines, which other events would keep from being started.
 */
static struct perf_event *krun_pmu_try(u32 type, u64 config, int cpu)
{
	struct perf_event_attr attr = {
		.type		= type,
		.size		= sizeof(attr),
		.config		= config,
		.disabled	= 1,
		.exclude_guest	= 1,
	};

	return perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
}

static void krun_pmu_release(struct perf_event *event)
{
	if (!IS_ERR(event))
		perf_event_release_kernel(event);
}

/* Whether the CPU has the event, or could not be asked now. */
static void krun_pmu_note(u64 config, const struct perf_event *event)
{
	switch (PTR_ERR_OR_ZERO(event)) {
	case -ENOENT:
	case -EINVAL:
	case -EOPNOTSUPP:
		return;
	}
	set_bit(config, &krun_pmu_events);
}

/**
 * krun_pmu_probe() - find out what perf has on a CPU
 * @cpu: an online CPU
 *
 * Once: a CPU keeps its PMU. In the thread that brings the CPU online, whose
 * credentials permit it.
 */
void krun_pmu_probe(int cpu)
{
	struct perf_event *cycles, *instructions;

	if (krun_cpu_pmu(cpu))
		return;
	cycles = krun_pmu_try(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, cpu);
	instructions = krun_pmu_try(PERF_TYPE_HARDWARE,
				    PERF_COUNT_HW_INSTRUCTIONS, cpu);
	krun_pmu_note(PERF_COUNT_HW_CPU_CYCLES, cycles);
	krun_pmu_note(PERF_COUNT_HW_INSTRUCTIONS, instructions);
	if (!IS_ERR(cycles))
		WRITE_ONCE(per_cpu(krun_pmu, cpu), cycles->pmu);
	krun_pmu_release(instructions);
	krun_pmu_release(cycles);
}

/* While all CPUs are asked: see krun_pmu_hold(). */
static struct perf_event *krun_pmu_held;

/**
 * krun_pmu_hold() - keep perf's hardware reserved until krun_pmu_unhold()
 *
 * Otherwise the events of each CPU would be the first and the last ones, for
 * which perf makes and gives back buffers of all CPUs, and interrupts them for it.
 */
void krun_pmu_hold(void)
{
	cpus_read_lock();
	krun_pmu_held = krun_pmu_try(PERF_TYPE_HARDWARE,
				     PERF_COUNT_HW_CPU_CYCLES,
				     raw_smp_processor_id());
	cpus_read_unlock();
}

void krun_pmu_unhold(void)
{
	krun_pmu_release(krun_pmu_held);
}

/**
 * krun_perf_allow_cpu() - whether the current task may count whole CPUs
 *
 * perf, and the security module, are asked by way of an event that counts
 * nothing and takes nothing. May sleep.
 *
 * Return: 0, or an error of perf's.
 */
int krun_perf_allow_cpu(void)
{
	struct perf_event *event;

	/* So that the CPU stays online. */
	cpus_read_lock();
	event = krun_pmu_try(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
			     raw_smp_processor_id());
	cpus_read_unlock();
	krun_pmu_release(event);
	return PTR_ERR_OR_ZERO(event);
}
