/* SPDX-License-Identifier: GPL-2.0-only */
/* The interface to existing kernel files, as small as possible. */
#ifndef _KRUN_HOOKS_H
#define _KRUN_HOOKS_H

struct signal_struct;

#ifdef CONFIG_KRUN
void krun_process_exit(struct signal_struct *signal);
#else
static inline void krun_process_exit(struct signal_struct *signal) { }
#endif

#ifdef CONFIG_KRUN_NO_HZ_FULL_ALL
#include <linux/init.h>

/* All boot parameters. That header has them since Linux 6.2. */
extern const struct obs_kernel_param __setup_start[], __setup_end[];
void krun_no_hz_full_all(void);
#else
static inline void krun_no_hz_full_all(void) { }
#endif

#endif /* _KRUN_HOOKS_H */
