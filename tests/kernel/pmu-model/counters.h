/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to read the counters of the guest, made to withstand a busy host.
 *
 * The host may take a virtual CPU away between any two instructions, and the
 * TSC, hence every counter, runs on meanwhile.  So nothing here compares a
 * count with time: counts are compared with counts, and a reading that took
 * long is taken again.
 */

#ifndef COUNTERS_H
#define COUNTERS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

enum { MSR_MPERF = 0xe7, MSR_APERF = 0xe8 };

/* Whose registers the model has; from CPUID. */
bool cpu_is_amd(void);

/* AMD: whether it has the six counters of the core extension, or four. */
bool amd_has_core_counters(void);

/* What the model was told, in percent. */
struct settings {
	unsigned int ratio;	/* APERF per MPERF */
	unsigned int ipc;	/* instructions per core cycle */
	const char *msr_module;	/* path of msr.ko; NULL: it is loaded */
};

extern struct settings settings;

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t read_pmc(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

/* TSC ticks in one second; measured once. */
uint64_t tsc_hz(void);

/* Keeps the CPU from halting for this long. */
void burn(double seconds);

bool pin_to_cpu(int cpu);
int cpu_count_online(void);

/* Small files of proc and sysfs; on failure false, or a negative value. */
bool write_text(const char *path, const char *text);
long read_number(const char *path);

/* All return 0 or a negative errno. */
int msr_load_module(const char *path);
int msr_open(int cpu, bool writable);
int msr_read(int fd, uint32_t msr, uint64_t *value);
int msr_write(int fd, uint32_t msr, uint64_t value);

/* One instant: the registers were read between "before" and "after". */
struct moment {
	uint64_t before, after;		/* of what brackets, see there */
	uint64_t value[8];
};

/* MPERF and APERF, bracketed by the TSC. */
int read_frequency(int msr_fd, struct moment *m);

/* Events counted together; the first one leads. */
struct group {
	int fd[8];
	int count;
};

struct perf_event_attr hardware_event(uint64_t config);

/* Linux has a name for it only where it knows the CPU to have it. */
struct perf_event_attr reference_cycles(void);
int event_open(const struct perf_event_attr *attr, int pid, int cpu,
	       int group_fd);
int group_open(struct group *g, const struct perf_event_attr *attr, int count,
	       int pid, int cpu);
void group_close(struct group *g);

/* All counts of the group, bracketed by the TSC. */
int read_group(const struct group *g, struct moment *m);

/* The first count of the group, bracketed by APERF. */
int read_group_within_aperf(const struct group *g, int msr_fd,
			    struct moment *m);

/* a / b as a percentage of the expected value of it: 100 is exact. */
double percent_of(double a, double b, double expected);
bool is_near(double percent, double tolerance);

#endif
