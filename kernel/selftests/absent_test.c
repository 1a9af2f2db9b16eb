// SPDX-License-Identifier: GPL-2.0-only
/* Missing counters are reported, never guessed. */
#include <cpuid.h>
#include "krun_selftest.h"
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
	EXPECT_EQ(-EOPNOTSUPP, krun_configure(1));
	EXPECT_EQ(-EOPNOTSUPP, krun_configure(online_cpus()));
	EXPECT_EQ(-ENODATA, krun_read(1, false, &reading));
	EXPECT_EQ(-ENODATA, krun_reset(1));
	EXPECT_EQ(0, krun_read(0, false, &reading));
}

TEST(kernel_log_says_which_and_why_once)
{
	char line[512];
	int found = 0;
	FILE *log;

	if (counters_announced())
		SKIP(return, "this machine has APERF and MPERF");
	EXPECT_EQ(-EOPNOTSUPP, krun_configure(1));
	log = popen("dmesg", "r");
	ASSERT_NE(NULL, log);
	while (fgets(line, sizeof(line), log))
		if (strstr(line, "krun:") && strstr(line, "CPUID.06H:ECX[0]"))
			found++;
	pclose(log);
	EXPECT_EQ(1, found);
}

TEST_HARNESS_MAIN
