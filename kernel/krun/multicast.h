/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KRUN_MULTICAST_H
#define _KRUN_MULTICAST_H

#include <linux/cpumask.h>

struct krun_request;

bool krun_multicast_possible(void);
struct cpumask *krun_multicast_begin(bool slept);
void krun_multicast_send(struct krun_request *request);
void krun_multicast_end(void);
void krun_multicast_barrier(void);
int krun_multicast_sleep(void);

#endif /* _KRUN_MULTICAST_H */
