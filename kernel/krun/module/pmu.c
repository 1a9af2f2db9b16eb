// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which events perf has, and whose they are.
 *
 * The description of the PMU (x86_pmu) is not exported. So each CPU that comes
 * online tries the events that plans share, without letting them count: perf
 * knows, and the event names its PMU.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <asm/processor.h>
#include "access.h"

static DEFINE_PER_CPU(struct pmu *, krun_pmu);

/* By PERF_COUNT_HW_*: at least one CPU has it. */
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
	return per_cpu(krun_pmu, cpu);
}

/* An event that does not count; nobody sees its permission checked. */
static struct perf_event *krun_pmu_try(u32 type, u64 config, int cpu)
{
	struct perf_event_attr attr = {
		.type		= type,
		.size		= sizeof(attr),
		.config		= config,
		.disabled	= 1,
	};

	return perf_event_create_kernel_counter(&attr, cpu, NULL, NULL, NULL);
}

/**
 * krun_pmu_probe() - find out what perf has on a CPU
 * @cpu: an online CPU
 *
 * In a kernel thread, whose credentials permit it.
 */
void krun_pmu_probe(int cpu)
{
	static const u64 configs[] = {
		PERF_COUNT_HW_CPU_CYCLES,
		PERF_COUNT_HW_INSTRUCTIONS,
	};
	struct perf_event *event;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		event = krun_pmu_try(PERF_TYPE_HARDWARE, configs[i], cpu);
		if (IS_ERR(event))
			continue;
		set_bit(configs[i], &krun_pmu_events);
		if (configs[i] == PERF_COUNT_HW_CPU_CYCLES)
			per_cpu(krun_pmu, cpu) = event->pmu;
		perf_event_release_kernel(event);
	}
}

/**
 * krun_perf_allow_cpu() - whether the current task may count whole CPUs
 *
 * perf, and the security module, are asked by way of an event that counts
 * nothing. May sleep, and takes locks of perf's.
 *
 * Return: 0, or an error of perf's.
 */
int krun_perf_allow_cpu(void)
{
	struct perf_event *event;

	event = krun_pmu_try(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY,
			     raw_smp_processor_id());
	if (IS_ERR(event))
		return PTR_ERR(event);
	perf_event_release_kernel(event);
	return 0;
}
