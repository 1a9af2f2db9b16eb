/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_IDLE_H
#define _KRUN_IDLE_H

#include <linux/cpumask.h>
#include <linux/types.h>
#include "uapi/linux/krun.h"

struct krun_request;

int krun_idle_watch(void);
void krun_idle_unwatch(void);
void krun_idle_want(int cpu, u32 counters);
void krun_idle_unwant(int cpu, u32 counters);
void krun_idle_end(void);
bool krun_idle_answer(int cpu, const struct krun_request *request,
		      struct krun_slot *slot);

#endif /* _KRUN_IDLE_H */
