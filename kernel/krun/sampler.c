// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the counters of one CPU, or of many at once.
 *
 * A CPU reads its own counters with interrupts off, back to back. For many
 * CPUs there is one multicast interrupt; the calling CPU takes its own reading
 * while the others are on their way. Nothing here allocates or sleeps.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include "sampler.h"

struct krun_request {
	struct krun_slot *slots;
	bool cycles_first;
};

/* Runs on each CPU of a sample, with interrupts off. */
static void krun_sample_handler(void *info)
{
	const struct krun_request *request = info;
	struct krun_slot *slot = &request->slots[smp_processor_id()];

	slot->err = krun_sample_local(&slot->counts, request->cycles_first);
}

/**
 * krun_sample_cpus() - sample CPU 0 .. @cpus - 1 at once
 * @buffer:	where the sample goes; the caller has it to itself
 * @cpus:	at most the number of possible CPUs
 * @cycles_first: read the core-cycle counter before APERF and MPERF
 *
 * Return: 0, -ENXIO when one of the CPUs is offline, -EBUSY when a core-cycle
 * counter has been lost. The slots hold no usable values on an error.
 */
int krun_sample_cpus(struct krun_buffer *buffer, unsigned int cpus,
		     bool cycles_first)
{
	struct krun_request request = { buffer->slots, cycles_first };
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
	if (likely(cpumask_subset(buffer->mask, cpu_online_mask)))
		on_each_cpu_mask(buffer->mask, krun_sample_handler, &request, 1);
	else
		err = -ENXIO;
	preempt_enable();

	for (cpu = 0; cpu < cpus && !err; cpu++)
		err = buffer->slots[cpu].err;
	return err;
}

/**
 * krun_sampler_probe() - find out whether a CPU has APERF and MPERF
 * @cpu: an online CPU
 *
 * CPUID says so (CPUID.06H:ECX[0]), and reading them must not fault: some
 * hypervisors announce what they do not have.
 *
 * Return: 0 or -EOPNOTSUPP, with one line in the kernel's log that says why.
 */
int krun_sampler_probe(int cpu)
{
	u64 value;

	if (!cpu_has(&cpu_data(cpu), X86_FEATURE_APERFMPERF)) {
		pr_notice_once("CPU %d: no APERF and MPERF (CPUID.06H:ECX[0] is 0)\n",
			       cpu);
		return -EOPNOTSUPP;
	}
	if (krun_rdmsr_safe_on_cpu(cpu, MSR_IA32_APERF, &value) ||
	    krun_rdmsr_safe_on_cpu(cpu, MSR_IA32_MPERF, &value)) {
		pr_notice_once("CPU %d: reading APERF or MPERF faults\n", cpu);
		return -EOPNOTSUPP;
	}
	return 0;
}

struct krun_buffer *krun_buffer_alloc(void)
{
	struct krun_buffer *buffer;

	buffer = kvzalloc(struct_size(buffer, slots, nr_cpu_ids), GFP_KERNEL);
	if (buffer && !zalloc_cpumask_var(&buffer->mask, GFP_KERNEL)) {
		kvfree(buffer);
		buffer = NULL;
	}
	return buffer;
}

void krun_buffer_free(struct krun_buffer *buffer)
{
	if (!buffer)
		return;
	free_cpumask_var(buffer->mask);
	kvfree(buffer);
}
