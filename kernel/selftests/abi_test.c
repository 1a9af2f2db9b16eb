// SPDX-License-Identifier: GPL-2.0-only
/* Each documented error of the system calls, and that errors write nothing. */
#include "krun_selftest.h"
#include "kselftest_harness.h"

#define KERNEL_ADDRESS ((void *)0xffff888000000000ul)
#define PATTERN 0x5a5a5a5a5a5a5a5aull

TEST(no_cpus_succeed_before_configuring)
{
	EXPECT_EQ(0, krun_read_to(0, false, NULL, NULL, NULL));
	EXPECT_EQ(0, krun_reset(0));
	EXPECT_EQ(0, krun_configure(0));
}

TEST(negative_or_too_many_cpus_are_einval)
{
	const int bad[] = { -1, -4096, INT32_MIN, INT32_MAX, 1 << 20,
			    (int)sysconf(_SC_NPROCESSORS_CONF) + 1 };
	struct reading reading;
	bool configured;
	size_t i;

	for (configured = false;; configured = true) {
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			EXPECT_EQ(-EINVAL, krun_configure(bad[i]));
			EXPECT_EQ(-EINVAL, krun_reset(bad[i]));
			EXPECT_EQ(-EINVAL, krun_read(bad[i], false, &reading));
		}
		if (configured)
			break;
		ASSERT_EQ(0, krun_configure(1));
	}
}

TEST(upper_half_of_the_register_is_ignored)
{
	struct reading reading;

	ASSERT_EQ(0, syscall(SYSCALL_KRUN_CONFIGURE, 0xdead00000001ul));
	EXPECT_EQ(0, syscall(SYSCALL_KRUN_READ_MSRS, 0xdead00000001ul,
			     0xdead00000000ul, reading.aperf, reading.mperf,
			     reading.cycles));
}

TEST(unconfigured_cpus_are_enodata)
{
	struct reading reading;

	EXPECT_EQ(-ENODATA, krun_read(1, false, &reading));
	EXPECT_EQ(-ENODATA, krun_reset(1));
	ASSERT_EQ(0, krun_configure(1));
	EXPECT_EQ(0, krun_read(1, false, &reading));
	EXPECT_EQ(0, krun_reset(1));
	if (online_cpus() < 2)
		SKIP(return, "one CPU only");
	EXPECT_EQ(-ENODATA, krun_read(2, false, &reading));
	EXPECT_EQ(-ENODATA, krun_reset(2));
	ASSERT_EQ(0, krun_configure(2));
	EXPECT_EQ(0, krun_read(2, false, &reading));
	/* Configuring fewer CPUs afterwards releases none. */
	ASSERT_EQ(0, krun_configure(1));
	EXPECT_EQ(0, krun_read(2, false, &reading));
}

static int try_all_calls(void)
{
	struct reading reading;
	int err = krun_configure(1);

	return err ? -err : -(krun_reset(1) ?: krun_read(1, true, &reading));
}

static int try_unprivileged(void)
{
	struct reading reading;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 100;
	if (krun_reset(1) != krun_read(1, false, &reading))
		return 101;
	return krun_reset(1) == -EPERM ? try_all_calls() :
	       krun_reset(1) == -ENODATA ? try_all_calls() : 102;
}

static int drop_after_configure(void)
{
	struct reading reading;

	if (krun_configure(1) || setresuid(65534, 65534, 65534))
		return 100;
	return -(krun_reset(1) ?: krun_read(1, true, &reading));
}

TEST(unprivileged_is_eperm_until_the_sysctl)
{
	ASSERT_EQ(0, read_number(UNPRIVILEGED_SYSCTL));
	EXPECT_EQ(EPERM, in_child(try_unprivileged));
	ASSERT_EQ(0, write_text(UNPRIVILEGED_SYSCTL, "1"));
	EXPECT_EQ(0, in_child(try_unprivileged));
	ASSERT_EQ(0, write_text(UNPRIVILEGED_SYSCTL, "0"));
	EXPECT_EQ(EPERM, in_child(try_unprivileged));
	EXPECT_NE(0, write_text(UNPRIVILEGED_SYSCTL, "2"));
	EXPECT_EQ(0, read_number(UNPRIVILEGED_SYSCTL));
}

TEST(permission_outlasts_dropped_privileges)
{
	EXPECT_EQ(0, in_child(drop_after_configure));
}

/* Two pages, of which the second can be made unusable. */
FIXTURE(arrays)
{
	int cpus;
	size_t page;
	char *pages;
	struct reading good;
};

FIXTURE_SETUP(arrays)
{
	self->cpus = online_cpus();
	self->page = sysconf(_SC_PAGESIZE);
	self->pages = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->pages);
	memset(self->pages, 0x5a, 2 * self->page);
	memset(&self->good, 0x5a, sizeof(self->good));
	ASSERT_EQ(0, krun_configure(self->cpus));
}

FIXTURE_TEARDOWN(arrays)
{
	munmap(self->pages, 2 * self->page);
}

static bool untouched(const void *array, size_t bytes)
{
	const unsigned char *byte = array;
	size_t i;

	for (i = 0; i < bytes; i++)
		if (byte[i] != 0x5a)
			return false;
	return true;
}

/* @bad in each of the three places: EFAULT, and the good arrays are as before. */
static int faults_everywhere(struct reading *good, int cpus, void *bad)
{
	int place;

	for (place = 0; place < 3; place++) {
		if (krun_read_to(cpus, false, place == 0 ? bad : good->aperf,
				 place == 1 ? bad : good->mperf,
				 place == 2 ? bad : good->cycles) != -EFAULT)
			return place + 1;
		if (!untouched(good, sizeof(*good)))
			return place + 11;
	}
	return 0;
}

TEST_F(arrays, null_is_efault)
{
	ASSERT_EQ(0, pin_to(0));
	EXPECT_EQ(0, faults_everywhere(&self->good, 1, NULL));
	ASSERT_EQ(0, pin_to(self->cpus - 1));
	EXPECT_EQ(0, faults_everywhere(&self->good, 1, NULL));
	EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus, NULL));
}

TEST_F(arrays, kernel_address_is_efault)
{
	EXPECT_EQ(0, faults_everywhere(&self->good, 1, KERNEL_ADDRESS));
	EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus, KERNEL_ADDRESS));
	EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus, (void *)-8ul));
}

TEST_F(arrays, read_only_page_is_efault)
{
	char *second = self->pages + self->page;

	ASSERT_EQ(0, mprotect(second, self->page, PROT_READ));
	EXPECT_EQ(0, faults_everywhere(&self->good, 1, second));
	EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus, second));
	EXPECT_TRUE(untouched(self->pages, 2 * self->page));
}

TEST_F(arrays, page_that_ends_inside_the_array_is_efault)
{
	char *second = self->pages + self->page;
	size_t inside;

	ASSERT_EQ(0, mprotect(second, self->page, PROT_NONE));
	for (inside = 1; inside < 8u * self->cpus; inside++)
		EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus,
					       second - inside));
	ASSERT_EQ(0, mprotect(second, self->page, PROT_READ));
	EXPECT_TRUE(untouched(self->pages, 2 * self->page));
}

TEST_F(arrays, page_that_begins_inside_the_array_is_efault)
{
	char *second = self->pages + self->page;
	size_t inside;

	ASSERT_EQ(0, mprotect(self->pages, self->page, PROT_NONE));
	for (inside = 1; inside < 8u * self->cpus; inside++)
		EXPECT_EQ(0, faults_everywhere(&self->good, self->cpus,
					       second - inside));
	EXPECT_TRUE(untouched(second, self->page));
}

TEST_F(arrays, page_that_ends_inside_a_single_value_is_efault)
{
	char *second = self->pages + self->page;
	size_t inside;

	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, mprotect(second, self->page, PROT_NONE));
	for (inside = 1; inside < 8; inside++)
		EXPECT_EQ(0, faults_everywhere(&self->good, 1, second - inside));
	ASSERT_EQ(0, mprotect(second, self->page, PROT_READ));
	EXPECT_TRUE(untouched(self->pages, 2 * self->page));
}

TEST_F(arrays, page_boundary_inside_the_array_is_fine)
{
	char *second = self->pages + self->page;
	size_t inside;

	for (inside = 1; inside < 8u * self->cpus; inside++) {
		memset(self->pages, 0x5a, 2 * self->page);
		ASSERT_EQ(0, krun_read_to(self->cpus, false, self->good.aperf,
					  second - inside, self->good.cycles));
		EXPECT_TRUE(untouched(self->pages, self->page - inside));
		EXPECT_TRUE(untouched(second - inside + 8u * self->cpus,
				      self->page - 8u * self->cpus + inside));
		EXPECT_FALSE(untouched(second - inside, 8u * self->cpus));
	}
}

TEST_F(arrays, exactly_n_values_are_written)
{
	int n, i;

	for (n = 1; n <= self->cpus; n++) {
		memset(&self->good, 0x5a, sizeof(self->good));
		ASSERT_EQ(0, krun_read(n, true, &self->good));
		for (i = 0; i < MAX_CPUS; i++) {
			EXPECT_EQ(i >= n, self->good.aperf[i] == PATTERN);
			EXPECT_EQ(i >= n, self->good.mperf[i] == PATTERN);
			EXPECT_EQ(i >= n, self->good.cycles[i] == PATTERN);
		}
	}
}

TEST_HARNESS_MAIN
