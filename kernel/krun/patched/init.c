// SPDX-License-Identifier: GPL-2.0-only
/*
 * Krun in a kernel that is patched for it. Without a device, the older calls
 * still work.
 */
#include <linux/init.h>
#include "access.h"
#include "cpus.h"
#include "device.h"

static int __init krun_init(void)
{
	int err;

	krun_pmu_hold();
	err = krun_cpus_init();
	return err ?: krun_device_init();
}
device_initcall(krun_init);
