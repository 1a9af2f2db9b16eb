// SPDX-License-Identifier: GPL-2.0-only

#include <cpuid.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "tests.h"

static void check_amd_leaves(struct tap *t)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	__get_cpuid_count(0xa, 0, &a, &b, &c, &d);
	tap_check(t, !a && !d, "leaf 0xA is Intel's: eax %08x edx %08x", a, d);
	__get_cpuid(0x80000007, &a, &b, &c, &d);
	tap_check(t, d >> 10 & 1, "no read-only APERF/MPERF: edx %08x", d);
	__get_cpuid(0x80000008, &a, &b, &c, &d);
	tap_note("%d counters; leaf 80000008H: ebx %08x edx %08x",
		 amd_has_core_counters() ? 6 : 4, b, d);
	tap_check(t, b >> 1 & 1, "no IRPERF: ebx %08x", b);
	tap_check(t, b >> 4 & 1, "no RDPRU: ebx %08x", b);
	tap_check(t, d >> 16 == 1, "RDPRU's last register: %u", d >> 16);
}

static void check_intel_leaf(struct tap *t)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	__get_cpuid_count(0xa, 0, &a, &b, &c, &d);
	tap_note("leaf 0xA: eax %08x ebx %08x edx %08x", a, b, d);
	tap_check(t, (a & 0xff) >= 2, "version %u", a & 0xff);
	tap_check(t, (a >> 8 & 0xff) == 4, "%u general counters",
		  a >> 8 & 0xff);
	tap_check(t, (a >> 16 & 0xff) == 48, "general counters of %u bits",
		  a >> 16 & 0xff);
	tap_check(t, (d & 0x1f) == 3, "%u fixed counters", d & 0x1f);
	tap_check(t, (d >> 5 & 0xff) == 48, "fixed counters of %u bits",
		  d >> 5 & 0xff);
	/* Absent: last-level cache references and misses, branches, misses. */
	tap_check(t, (b & 0x7f) == 0x78, "events absent: %02x", b & 0x7f);

	a = b = c = 0;
	__get_cpuid_count(0x15, 0, &a, &b, &c, &d);
	tap_note("leaf 0x15: TSC %u/%u of %u Hz", b, a, c);
	tap_check(t, a && b && c, "leaf 0x15 does not tell the TSC's rate");
}

void test_cpuid(struct tap *t)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	if (cpu_is_amd())
		check_amd_leaves(t);
	else
		check_intel_leaf(t);

	__get_cpuid_count(6, 0, &a, &b, &c, &d);
	tap_check(t, c & 1, "no APERF/MPERF in leaf 6: ecx %08x", c);

	__get_cpuid(1, &a, &b, &c, &d);
	tap_check(t, c >> 31, "the hypervisor bit is clear");
}

/* One record a read(2); the node blocks at the end unless told not to. */
static bool kernel_log_has(const char *text)
{
	char record[8192];
	bool found = false;
	ssize_t got;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return false;
	while (!found && (got = read(fd, record, sizeof(record) - 1)) > 0) {
		record[got] = 0;
		found = strstr(record, text);
	}
	close(fd);
	return found;
}

void test_driver(struct tap *t)
{
	tap_check(t, access("/sys/bus/event_source/devices/cpu", F_OK) == 0,
		  "perf has no device \"cpu\"");
	tap_check(t, kernel_log_has(cpu_is_amd() ? "AMD PMU driver" :
				    "Intel PMU driver"),
		  "the kernel's log does not name the vendor's PMU driver");
	tap_check(t, !kernel_log_has("Broken PMU hardware"),
		  "the kernel's log says that the PMU is broken");
	tap_check(t, !kernel_log_has("Broken BIOS"),
		  "the kernel's log says that the firmware uses a counter");
}
