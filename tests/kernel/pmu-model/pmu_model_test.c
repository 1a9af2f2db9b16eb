// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest test of the PMU model in testbed/qemu.
 *
 * Runs as root in a guest with an unmodified kernel, with /proc, /sys and
 * /dev mounted, and looks at the model through that kernel's own perf and msr
 * drivers: whatever they accept as a PMU of Intel or AMD is one for our purposes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

static const struct tap_test tests[] = {
	{ "CPUID describes the PMU and APERF/MPERF", test_cpuid },
	{ "the kernel's PMU driver binds", test_driver },
	{ "APERF/MPERF is the configured ratio on every CPU",
	  test_aperf_mperf_ratio },
	{ "MPERF of a busy CPU keeps pace with the TSC", test_mperf_is_tsc },
	{ "APERF and MPERF never go back", test_aperf_monotonic },
	{ "APERF and MPERF count on from what is written to them",
	  test_aperf_writable },
	{ "core cycles are APERF on every CPU", test_cycles_are_aperf },
	{ "instructions, core and reference cycles are in proportion",
	  test_instructions_per_cycle },
	{ "an event that is not modelled counts nothing",
	  test_unmodelled_event },
	{ "user and kernel cycles are told apart and add up", test_rings },
	{ "RDPMC in user space equals read(2)", test_rdpmc_equals_read },
	{ "RDPMC faults without permission or with a bad index",
	  test_rdpmc_faults },
	{ "RDPRU reads MPERF and APERF", test_rdpru },
	{ "AMD's read-only copies and IRPERF count", test_amd_msrs },
	{ "AMD's first four counters have two addresses", test_amd_aliases },
	{ "sampling delivers one sample a period", test_sampling },
	{ "the NMI watchdog arms and fires", test_nmi_watchdog },
	{ "APERF and MPERF of a halted CPU stand still", test_halted_cpu },
	{ "a CPU that was offline keeps its counts and counts again",
	  test_hotplug },
};

static unsigned int percent_argument(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || !value || value > 1000) {
		fprintf(stderr, "%s: not a percentage\n", text);
		exit(2);
	}
	return (unsigned int)value;
}

static void usage(void)
{
	fputs("usage: pmu_model_test [-r RATIO] [-i IPC] [-m MSR_KO]\n"
	      "  -r  x-pmu-aperf-ratio of the CPU (PMU_MODEL_RATIO; 100)\n"
	      "  -i  x-pmu-ipc of the CPU (PMU_MODEL_IPC; 100)\n"
	      "  -m  path of msr.ko, if it is a module (PMU_MODEL_MSR)\n"
	      "In parentheses: environment variable and default.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *ratio = getenv("PMU_MODEL_RATIO");
	const char *ipc = getenv("PMU_MODEL_IPC");
	int option;

	settings.msr_module = getenv("PMU_MODEL_MSR");
	while ((option = getopt(argc, argv, "r:i:m:")) != -1) {
		switch (option) {
		case 'r':
			ratio = optarg;
			break;
		case 'i':
			ipc = optarg;
			break;
		case 'm':
			settings.msr_module = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
	if (ratio)
		settings.ratio = percent_argument(ratio);
	if (ipc)
		settings.ipc = percent_argument(ipc);

	if (settings.msr_module) {
		int error = msr_load_module(settings.msr_module);

		if (error)
			tap_note("cannot load %s: %s", settings.msr_module,
				 strerror(-error));
	}
	return tap_run(tests, sizeof(tests) / sizeof(tests[0])) ? 1 : 0;
}
