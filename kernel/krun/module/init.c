// SPDX-License-Identifier: GPL-2.0-only
/*
 * Krun as a module, for kernels that are not patched: /dev/krun without system
 * calls and without an interrupt vector of its own.
 */
#define pr_fmt(fmt) "krun: " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include "access.h"
#include "cpus.h"
#include "device.h"

static int __init krun_module_init(void)
{
	int err;

	if (IS_ENABLED(CONFIG_KRUN)) {
		pr_err("this kernel has /dev/krun built in and needs no module\n");
		return -EEXIST;
	}
	krun_pmu_hold();
	err = krun_cpus_init();
	krun_pmu_unhold();
	if (err)
		return err;
	err = krun_device_init();
	if (err)
		krun_cpus_exit();
	return err;
}

static void __exit krun_module_exit(void)
{
	krun_device_exit();
	krun_cpus_exit();
	/*
	 * A sample is over once its last CPU has counted itself done, which is
	 * before that CPU has left krun_calls_answer().
	 */
	krun_synchronize();
}

module_init(krun_module_init);
module_exit(krun_module_exit);

MODULE_DESCRIPTION("Low-latency samples of APERF, MPERF and core cycles");
MODULE_AUTHOR("The Krun Linux kernel project");
MODULE_LICENSE("GPL");
