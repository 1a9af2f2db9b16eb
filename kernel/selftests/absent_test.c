// SPDX-License-Identifier: GPL-2.0-only
/* Missing counters are reported, never guessed. */
#include "krun_device.h"
#include <cpuid.h>
#include "kselftest_harness.h"

#define CPUID_THERMAL_POWER 6
#define APERFMPERF_PRESENT (1 << 0)

static bool counters_announced(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(CPUID_THERMAL_POWER, &eax, &ebx, &ecx, &edx) &&
	       (ecx & APERFMPERF_PRESENT);
}

TEST(absent_counters_are_eopnotsupp)
{
	struct reading reading;

	if (counters_announced())
		SKIP(return, "this machine has APERF and MPERF");
	if (!krun_has_calls())
		SKIP(return, "a module has no system calls");
	EXPECT_EQ(-EOPNOTSUPP, krun_configure(1));
	EXPECT_EQ(-EOPNOTSUPP, krun_configure(online_cpus()));
	EXPECT_EQ(-ENODATA, krun_read(1, false, &reading));
	EXPECT_EQ(-ENODATA, krun_reset(1));
	EXPECT_EQ(0, krun_read(0, false, &reading));
}

/* How many of our lines in the kernel's log have @part; -1: it cannot be read. */
static int lines_of_log(const char *part)
{
	FILE *log = popen("dmesg", "r");
	char line[512];
	int found = 0;

	if (!log)
		return -1;
	while (fgets(line, sizeof(line), log))
		if (strstr(line, "krun:") && strstr(line, part))
			found++;
	pclose(log);
	return found;
}

TEST(kernel_log_says_which_and_why_once)
{
	int fd, i;

	if (counters_announced())
		SKIP(return, "this machine has APERF and MPERF");
	for (i = 0; i < 2; i++) {
		if (krun_has_calls())
			EXPECT_EQ(-EOPNOTSUPP, krun_configure(1));
		fd = krun_open();
		EXPECT_EQ(-EOPNOTSUPP,
			  krun_plan_all(fd, KRUN_COUNTER_APERF, 0));
		EXPECT_EQ(-EOPNOTSUPP,
			  krun_plan_all(fd, KRUN_COUNTER_MPERF, 0));
		EXPECT_EQ(-EOPNOTSUPP,
			  krun_plan_all(fd, KRUN_COUNTER_CYCLES, 0));
		EXPECT_EQ(-EOPNOTSUPP,
			  krun_plan_all(fd, KRUN_COUNTER_INSTRUCTIONS, 0));
		close(fd);
	}
	/* One counter's line is not another's. */
	EXPECT_EQ(1, lines_of_log("no APERF (CPUID.06H:ECX[0]"));
	EXPECT_EQ(1, lines_of_log("no MPERF (CPUID.06H:ECX[0]"));
	EXPECT_EQ(1, lines_of_log("no hardware event for core cycles"));
	EXPECT_EQ(1, lines_of_log("no hardware event for instructions"));
}

/* A plan cannot ask a CPU that is offline what it has. */
TEST(a_cpu_that_comes_online_without_them_has_no_values)
{
	static const uint32_t counters[] = { KRUN_COUNTER_APERF,
					     KRUN_COUNTER_CYCLES };
	int victim = online_cpus() - 1, fd = krun_open();
	const struct krun_slot *slot = krun_map(fd);
	size_t i;

	if (counters_announced())
		SKIP(return, "this machine has APERF and MPERF");
	if (!victim || set_cpu_online(victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_NE(NULL, slot);
	slot += victim;
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		ASSERT_EQ(0, set_cpu_online(victim, false));
		EXPECT_EQ(0, krun_plan_mask(fd, 1ULL << victim, counters[i], 0));
		ASSERT_EQ(0, krun_sample(fd, 0) < 0);
		EXPECT_EQ(KRUN_STATUS_OFFLINE, slot->status);
		ASSERT_EQ(0, set_cpu_online(victim, true));
		ASSERT_EQ(0, krun_sample(fd, 0) < 0);
		EXPECT_EQ(KRUN_STATUS_UNSUPPORTED, slot->status);
		EXPECT_EQ(0, slot->valid);
		EXPECT_EQ(0, slot->aperf);
		EXPECT_EQ(0, slot->cycles);
	}
	close(fd);
}

TEST_HARNESS_MAIN
