// SPDX-License-Identifier: GPL-2.0-only
/*
 * NO_HZ_FULL_ALL: boot parameters that keep every CPU but the boot CPU quiet,
 * for command lines that have none.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/tick.h>

#include "compat.h"
#include "hooks.h"

/* Whether the kernel has seen "<name>" on the command line, as it compares. */
static bool __init krun_has_parameter(const char *name)
{
	const char *word = saved_command_line;

	for (;;) {
		word = skip_spaces(word);
		if (!*word || !strcmp(word, "--") || !strncmp(word, "-- ", 3))
			return false;
		if (*word == '"')
			word++;
		if (parameqn(word, name, strlen(name)))
			return true;
		while (*word && !isspace(*word))
			word++;
	}
}

/* As if "<name><value>" were on the command line. */
static void __init krun_add_parameter(const char *name, char *value)
{
	const struct obs_kernel_param *parameter;

	for (parameter = __setup_start; parameter < __setup_end; parameter++)
		if (!strcmp(parameter->str, name)) {
			parameter->setup_func(value);
			return;
		}
	pr_warn("this kernel does not know %s\n", name);
}

/**
 * krun_no_hz_full_all() - Act on CONFIG_NO_HZ_FULL_ALL
 *
 * Is called once, when the command line has been parsed and memory for CPU masks
 * still comes from memblock. With nohz_full= on the command line, even an empty one,
 * the user has decided, and it does nothing.
 */
void __init krun_no_hz_full_all(void)
{
	char all[24], managed[40], boot[] = "0";

	if (krun_has_parameter("nohz_full=") || tick_nohz_full_running ||
	    nr_cpu_ids < 2)
		return;
	snprintf(all, sizeof(all), "1-%u", nr_cpu_ids - 1);
	snprintf(managed, sizeof(managed), "managed_irq,%s", all);
	krun_add_parameter("nohz_full=", all);
	/* Some kernels refuse it beside isolcpus= of other CPUs. */
	if (!tick_nohz_full_running)
		return;
	/* Device interrupts: those the kernel spreads itself, and all others. */
	if (KRUN_HAS_MANAGED_IRQ && !krun_has_parameter("isolcpus="))
		krun_add_parameter("isolcpus=", managed);
	if (!krun_has_parameter("irqaffinity="))
		krun_add_parameter("irqaffinity=", boot);
}
