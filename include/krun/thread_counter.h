/* SPDX-License-Identifier: MIT */
/*
 * A counter of the calling thread, read in place: no function call, no system call.
 *
 *	struct krunc_thread_counter cycles;
 *	if (krunc_get_thread_counter(session, KRUNC_CYCLES, &cycles) == 0) ...
 *	if (!krunc_read_in_place(&cycles, &value))
 *		error = krunc_read(session, KRUNC_CYCLES, &value);
 *
 * The protocol is that of perf's mapped page (include/uapi/linux/perf_event.h): the kernel changes `lock` whenever it
 * changes the rest; `index` is the hardware counter, plus 1; `offset` is what has been counted before it was started.
 */
#ifndef KRUN_THREAD_COUNTER_H
#define KRUN_THREAD_COUNTER_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

#include <krun/counters.h>

/* 1, or 0 if the event is on no hardware counter at this moment, or RDPMC is not allowed any more. */
static inline int krunc_read_in_place(const struct krunc_thread_counter *counter, uint64_t *value)
{
	const struct perf_event_mmap_page *page = (const struct perf_event_mmap_page *)counter->page;
	const volatile unsigned char *capabilities = (const volatile unsigned char *)&page->capabilities;
	const unsigned char may_read = 1u << 2; /* cap_user_rdpmc; a bit field would be loaded as a whole */

	for (;;) {
		const uint32_t lock = *(const volatile uint32_t *)&page->lock;
		uint64_t low, high, now;
		uint32_t index;

		__asm__ volatile("" ::: "memory");
		index = *(const volatile uint32_t *)&page->index;
		if (index == 0 || (*capabilities & may_read) == 0)
			return 0;
		__asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index - 1) : "memory");
		/* signed, and narrower than 64 bits */
		now = (uint64_t)((int64_t)(((high << 32) | low) << counter->unused_bits) >> counter->unused_bits) +
		      (uint64_t)page->offset;
		__asm__ volatile("" ::: "memory");
		if (__builtin_expect(*(const volatile uint32_t *)&page->lock == lock, 1)) {
			*value = now;
			return 1;
		}
	}
}

#endif /* KRUN_THREAD_COUNTER_H */
