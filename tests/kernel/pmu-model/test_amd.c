// SPDX-License-Identifier: GPL-2.0-only
/*
 * APM volume 2, "Performance Monitoring Counters", and volume 3, RDPRU.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

enum {
	MSR_PERF_CTL0 = 0xc0010200,
	MSR_LEGACY_PERF_CTL0 = 0xc0010000,
	MSR_LEGACY_PERF_CTR0 = 0xc0010004,
	MSR_MPERF_READ_ONLY = 0xc00000e7,
	MSR_APERF_READ_ONLY = 0xc00000e8,
	MSR_IRPERF = 0xc00000e9,
	MSR_HWCR = 0xc0010015,
	HWCR_IRPERF_EN = 1 << 30,
};

/* Carry, parity, adjust, zero, sign and overflow. */
#define ARITHMETIC_FLAGS 0x8d5
#define FLAG_CARRY 1

static uint64_t rdpru(uint32_t index, uint64_t *flags)
{
	uint32_t low, high;

	__asm__ volatile(".byte 0x0f, 0x01, 0xfd\n\tpushf\n\tpop %2"
			 : "=a"(low), "=d"(high), "=r"(*flags) : "c"(index)
			 : "memory");
	*flags &= ARITHMETIC_FLAGS;
	return (uint64_t)high << 32 | low;
}

/* The signal that ends a child which executes RDPRU; 0 if it survives. */
static int rdpru_signal(bool without_tsc)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		uint64_t flags;

		if (without_tsc)
			prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
		rdpru(0, &flags);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

void test_rdpru(struct tap *t)
{
	static const uint32_t msr[] = { MSR_MPERF, MSR_APERF };
	uint64_t flags, value;
	int got, fd;

	got = rdpru_signal(false);
	if (!cpu_is_amd()) {
		tap_check(t, got == SIGILL, "signal %d on an Intel CPU", got);
		return;
	}
	tap_check(t, !got, "signal %d", got);
	got = rdpru_signal(true);
	tap_check(t, got == SIGILL, "with CR4.TSD: signal %d", got);

	pin_to_cpu(0);
	fd = msr_open(0, false);
	if (!tap_check(t, fd >= 0, "msr node: %s", strerror(-fd)))
		return;
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t before = 0, after = 0;
		int error = msr_read(fd, msr[i], &before);

		value = rdpru(i, &flags);
		if (!error)
			error = msr_read(fd, msr[i], &after);
		tap_check(t, !error, "MSR: %s", strerror(-error));
		tap_check(t, before < value && value < after,
			  "register %u: %llu is not within %llu and %llu", i,
			  (unsigned long long)value, (unsigned long long)before,
			  (unsigned long long)after);
		tap_check(t, flags == FLAG_CARRY, "register %u: flags %llx", i,
			  (unsigned long long)flags);
	}
	close(fd);
	value = rdpru(2, &flags);
	tap_check(t, !value && !flags, "register 2: %llu, flags %llx",
		  (unsigned long long)value, (unsigned long long)flags);
}

/* Several MSRs of this CPU, one after the other. */
static bool read_msrs(struct tap *t, int fd, const uint32_t *msr, int count,
		      uint64_t *value)
{
	for (int i = 0; i < count; i++) {
		int error = msr_read(fd, msr[i], &value[i]);

		if (!tap_check(t, !error, "MSR 0x%x: %s", msr[i],
			       strerror(-error)))
			return false;
	}
	return true;
}

/* The MSRs of CPU 0, on which the caller then is; negative if there is nothing to test. */
static int open_msrs(struct tap *t)
{
	int fd;

	if (!cpu_is_amd()) {
		tap_skip(t, "the CPU is Intel's");
		return -1;
	}
	pin_to_cpu(0);
	fd = msr_open(0, true);
	tap_check(t, fd >= 0, "msr node: %s", strerror(-fd));
	return fd;
}

void test_amd_msrs(struct tap *t)
{
	static const uint32_t copies[] = { MSR_MPERF, MSR_MPERF_READ_ONLY,
					   MSR_MPERF, MSR_APERF,
					   MSR_APERF_READ_ONLY, MSR_APERF };
	static const uint32_t share[] = { MSR_APERF, MSR_IRPERF };
	uint64_t v[6], a[2], b[2], hwcr = 0;
	double percent;
	int fd;

	fd = open_msrs(t);
	if (fd < 0)
		return;
	if (read_msrs(t, fd, copies, 6, v))
		for (int i = 0; i < 6; i += 3)
			tap_check(t, v[i] < v[i + 1] && v[i + 1] < v[i + 2],
				  "MSR 0x%x is no copy", copies[i + 1]);
	tap_check(t, msr_write(fd, MSR_APERF_READ_ONLY, 1) == -EIO,
		  "a read-only copy can be written");

	/* Linux starts it where it trusts it. */
	msr_read(fd, MSR_HWCR, &hwcr);
	tap_note("HWCR is 0x%llx", (unsigned long long)hwcr);
	msr_write(fd, MSR_HWCR, HWCR_IRPERF_EN);
	if (read_msrs(t, fd, share, 2, a)) {
		burn(0.2);
		if (read_msrs(t, fd, share, 2, b)) {
			percent = percent_of((double)(b[1] - a[1]),
					     (double)(b[0] - a[0]),
					     settings.ipc / 100.0);
			tap_note("IRPERF/APERF is %.3f %% of the setting",
				 percent);
			tap_check(t, is_near(percent, 1.0), "it is off");
		}
	}
	msr_write(fd, MSR_HWCR, 0);
	if (read_msrs(t, fd, share, 2, a) && read_msrs(t, fd, share, 2, b))
		tap_check(t, a[1] == b[1], "it counts though HWCR stops it");
	msr_write(fd, MSR_HWCR, hwcr);
	close(fd);
}

/* Counter 3, which nothing else uses now; 0x76 with USR and OS, not enabled. */
void test_amd_aliases(struct tap *t)
{
	const uint64_t control = 0x30076, count = 0x123456789abc;
	uint64_t was[2], now[2];
	static const uint32_t legacy[] = { MSR_LEGACY_PERF_CTL0 + 3,
					   MSR_LEGACY_PERF_CTR0 + 3 };
	static const uint32_t extended[] = { MSR_PERF_CTL0 + 6,
					     MSR_PERF_CTL0 + 7 };
	int fd;

	fd = open_msrs(t);
	if (fd < 0)
		return;
	if (read_msrs(t, fd, legacy, 2, was)) {
		msr_write(fd, legacy[0], control);
		msr_write(fd, legacy[1], count | 1ULL << 48);
		if (read_msrs(t, fd, legacy, 2, now))
			tap_check(t, now[0] == control && now[1] == count,
				  "control %llx, count %llx",
				  (unsigned long long)now[0],
				  (unsigned long long)now[1]);
		if (amd_has_core_counters() &&
		    read_msrs(t, fd, extended, 2, now))
			tap_check(t, now[0] == control && now[1] == count,
				  "by the other address: %llx, %llx",
				  (unsigned long long)now[0],
				  (unsigned long long)now[1]);
		msr_write(fd, legacy[0], was[0]);
		msr_write(fd, legacy[1], was[1]);
	}
	close(fd);
}
