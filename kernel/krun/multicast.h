/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_MULTICAST_H
#define _KRUN_MULTICAST_H

#include <linux/cpumask.h>
#include <linux/types.h>

struct krun_request;

/* KRUN_FEATURE_* of how the interrupts are sent. */
extern const u32 krun_multicast_features;

bool krun_multicast_possible(void);
struct cpumask *krun_multicast_begin(bool slept);
void krun_multicast_send(struct krun_request *request,
			 const struct cpumask *targets);
void krun_multicast_end(void);
void krun_multicast_barrier(void);
int krun_multicast_sleep(void);

#endif /* _KRUN_MULTICAST_H */
