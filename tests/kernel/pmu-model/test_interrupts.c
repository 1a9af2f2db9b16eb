// SPDX-License-Identifier: GPL-2.0-only

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

#define SAMPLE_PAGES 16
#define SAMPLE_TOLERANCE 10.0	/* percent */

/*
 * A host that is away for longer than a period costs samples, on hardware as
 * here, because perf drops periods that it has missed altogether.  Hence
 * longer periods where short ones do not do; a model that loses overflows
 * fails with all of them.
 */
static const struct {
	double seconds;
	int periods;
} attempts[] = { { 0.02, 100 }, { 0.1, 50 }, { 0.5, 24 } };

/* Counts the records in the ring; the ring is large enough not to wrap. */
static void count_records(struct perf_event_mmap_page *page, int *samples,
			  int *throttles)
{
	const char *data = (const char *)page + page->data_offset;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);

	*samples = *throttles = 0;
	for (uint64_t at = page->data_tail; at < head;) {
		const struct perf_event_header *record =
			(const void *)(data + at);

		*samples += record->type == PERF_RECORD_SAMPLE;
		*throttles += record->type == PERF_RECORD_THROTTLE;
		if (!record->size)
			break;
		at += record->size;
	}
}

/* Samples / expected samples in percent, or a negative value. */
static double sample_once(struct tap *t, double seconds, int periods)
{
	struct perf_event_attr attr =
		hardware_event(PERF_COUNT_HW_CPU_CYCLES);
	size_t size = (size_t)sysconf(_SC_PAGESIZE) * (1 + SAMPLE_PAGES);
	uint64_t period =
		(uint64_t)((double)tsc_hz() * seconds * settings.ratio / 100);
	uint64_t count = 0;
	int samples, throttles;
	double percent;
	void *ring;
	int fd;

	attr.sample_period = period;
	attr.sample_type = PERF_SAMPLE_IP;
	attr.disabled = 1;
	fd = event_open(&attr, 0, -1, -1);
	if (!tap_check(t, fd >= 0, "perf: %s", strerror(-fd)))
		return -1;
	ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!tap_check(t, ring != MAP_FAILED, "cannot map the ring")) {
		close(fd);
		return -1;
	}
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	burn(seconds * periods);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		count = 0;
	count_records(ring, &samples, &throttles);
	munmap(ring, size);
	close(fd);

	percent = percent_of(samples, (double)count / (double)period, 1);
	tap_note("%d samples, %.1f periods, throttled %d times", samples,
		 (double)count / (double)period, throttles);
	return percent;
}

/* The count itself says how many samples there should be. */
void test_sampling(struct tap *t)
{
	double percent = 0;

	pin_to_cpu(0);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		percent = sample_once(t, attempts[i].seconds,
				      attempts[i].periods);
		if (percent < 0 || is_near(percent, SAMPLE_TOLERANCE))
			break;
	}
	tap_check(t, is_near(percent, SAMPLE_TOLERANCE),
		  "%.1f %% of the samples", percent);
}

/* One CPU's column of one line of /proc/interrupts. */
static long interrupts(const char *name, int cpu)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[4096];
	long count = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		char *at = line + strspn(line, " ");

		if (strncmp(at, name, strlen(name)))
			continue;
		at += strlen(name);
		for (int i = 0; i <= cpu; i++)
			count = strtol(at, &at, 10);
	}
	fclose(f);
	return count;
}

void test_nmi_watchdog(struct tap *t)
{
	static const char enable[] = "/proc/sys/kernel/nmi_watchdog";
	static const char threshold[] = "/proc/sys/kernel/watchdog_thresh";
	long was_enabled = read_number(enable);
	long was_threshold = read_number(threshold);
	long nmis = 0, pmis = 0;
	char text[24];
	int cpu = cpu_count_online() - 1;

	/* Two seconds' worth of cycles at the TSC's rate; the default is 10. */
	tap_check(t, write_text(threshold, "2"), "cannot set the threshold");
	write_text(enable, "0");
	tap_check(t, read_number(enable) == 0, "it does not disarm");
	tap_check(t, write_text(enable, "1") && read_number(enable) == 1,
		  "it does not arm");
	if (!t->failed) {
		double period = 2.0 * 100 / settings.ratio;
		double cycles = 2.5 * 2 * (double)tsc_hz();
		/* Perf cuts a period that 31 bits cannot hold into pieces. */
		long most = 2 + 4 + (long)(cycles / (double)(1UL << 31));

		pin_to_cpu(cpu);
		/* Again, should the host have been away for most of it. */
		for (int i = 0; i < 3 && (!i || pmis < 2); i++) {
			nmis = interrupts("NMI:", cpu);
			pmis = interrupts("PMI:", cpu);
			burn(2.5 * period);
			nmis = interrupts("NMI:", cpu) - nmis;
			pmis = interrupts("PMI:", cpu) - pmis;
			tap_note("CPU %d, 2.5 periods: %ld NMIs, %ld PMIs",
				 cpu, nmis, pmis);
		}
		tap_check(t, nmis >= 2, "too few NMIs");
		tap_check(t, pmis >= 2, "too few PMIs");
		tap_check(t, pmis <= most, "more PMIs than %ld", most);
	}
	snprintf(text, sizeof(text), "%ld", was_threshold);
	write_text(threshold, text);
	write_text(enable, was_enabled == 1 ? "1" : "0");
}
