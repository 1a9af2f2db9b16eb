// SPDX-License-Identifier: GPL-2.0-only

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

#define READS 1000

/*
 * How perf_event.h tells user space to do it: the kernel changes "lock" when
 * it moves the event, and "index" is 0 while the event is on no counter.
 */
static bool read_self(const volatile struct perf_event_mmap_page *page,
		      uint64_t *count)
{
	uint32_t lock, index;

	do {
		lock = page->lock;
		__asm__ volatile("" ::: "memory");
		index = page->index;
		*count = (uint64_t)page->offset;
		if (page->cap_user_rdpmc && index) {
			int spare = 64 - page->pmc_width;
			int64_t raw = (int64_t)(read_pmc(index - 1) << spare);

			*count += (uint64_t)(raw >> spare);
		}
		__asm__ volatile("" ::: "memory");
	} while (page->lock != lock);
	return index != 0;
}

/* RDPMC between two read(2) must lie between them. */
static void check_event(struct tap *t, const char *name,
			struct perf_event_attr attr)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int inside = 0, direct = 0;
	uint64_t widest = 0;
	void *page;
	int fd = event_open(&attr, 0, -1, -1);

	if (!tap_check(t, fd >= 0, "%s: perf: %s", name, strerror(-fd)))
		return;
	page = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (!tap_check(t, page != MAP_FAILED, "%s: cannot map", name)) {
		close(fd);
		return;
	}
	for (int i = 0; i < READS; i++) {
		uint64_t low = 0, self = 0, high = 0;
		ssize_t got = read(fd, &low, sizeof(low));

		direct += read_self(page, &self);
		got += read(fd, &high, sizeof(high));
		inside += got == 2 * sizeof(low) && low <= self &&
			  self <= high;
		if (!widest || high - low < widest)
			widest = high - low;
	}
	munmap(page, size);
	close(fd);
	tap_note("%s: %d of %d within read(2), narrowest by %llu", name,
		 inside, READS, (unsigned long long)widest);
	tap_check(t, direct == READS, "%s: RDPMC possible %d times", name,
		  direct);
	tap_check(t, inside == READS, "%s: outside %d times", name,
		  READS - inside);
}

void test_rdpmc_equals_read(struct tap *t)
{
	pin_to_cpu(0);
	check_event(t, "cycles",
		    hardware_event(PERF_COUNT_HW_CPU_CYCLES));
	check_event(t, "instructions",
		    hardware_event(PERF_COUNT_HW_INSTRUCTIONS));
	check_event(t, "reference cycles", reference_cycles());
}

/* The signal that ends a child which executes RDPMC; 0 if it survives. */
static int rdpmc_signal(uint32_t index, bool permitted)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct perf_event_attr attr =
			hardware_event(PERF_COUNT_HW_CPU_CYCLES);

		/* Mapping an event is what sets CR4.PCE. */
		if (permitted) {
			int fd = event_open(&attr, 0, -1, -1);

			if (fd < 0 ||
			    mmap(NULL, (size_t)sysconf(_SC_PAGESIZE),
				 PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
				_exit(1);
		}
		read_pmc(index);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) ? -1 : 0;
}

void test_rdpmc_faults(struct tap *t)
{
	/* What Intel and AMD expect; of AMD's counters 4 and 5 not all have. */
	int fixed = cpu_is_amd() ? SIGSEGV : 0;
	int extended = cpu_is_amd() && amd_has_core_counters() ? 0 : SIGSEGV;
	const struct {
		uint32_t index;
		bool permitted;
		int expected;
	} c[] = {
		{ 0, true, 0 },
		{ 3, true, 0 },
		{ 4, true, extended },
		{ 5, true, extended },
		{ 6, true, SIGSEGV },
		{ 1u << 30, true, fixed },
		{ 1u << 30 | 2, true, fixed },
		{ 1u << 30 | 3, true, SIGSEGV },
		{ 1u << 31, true, SIGSEGV },
		{ 0, false, SIGSEGV },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		int got = rdpmc_signal(c[i].index, c[i].permitted);

		tap_check(t, got == c[i].expected,
			  "index 0x%x, %s: signal %d, expected %d", c[i].index,
			  c[i].permitted ? "permitted" : "not permitted", got,
			  c[i].expected);
	}
}
