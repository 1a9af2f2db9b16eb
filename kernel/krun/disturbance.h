/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_DISTURBANCE_H
#define _KRUN_DISTURBANCE_H

#include "uapi/linux/krun.h"

int krun_switches_watch(void);
void krun_switches_unwatch(void);
void krun_disturbance_read(struct krun_slot *slot, u32 counters);

#endif /* _KRUN_DISTURBANCE_H */
