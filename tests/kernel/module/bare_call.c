// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a function call to all other CPUs costs by itself: an ioctl of
 * /dev/krun_bare_call is smp_call_function_many() of a function that does nothing.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/smp.h>

static void bare_call_answer(void *unused)
{
}

static long bare_call_ioctl(struct file *filp, unsigned int command,
			    unsigned long argument)
{
	preempt_disable();
	smp_call_function_many(cpu_online_mask, bare_call_answer, NULL, true);
	preempt_enable();
	return 0;
}

static const struct file_operations bare_call_operations = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= bare_call_ioctl,
};

static struct miscdevice bare_call_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "krun_bare_call",
	.fops	= &bare_call_operations,
	.mode	= 0600,
};
module_misc_device(bare_call_device);

MODULE_DESCRIPTION("Function calls that do nothing, for comparison");
MODULE_LICENSE("GPL");
