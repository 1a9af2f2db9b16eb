// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom memory is charged to: who may open the device must not take any amount of it
 * past the cgroup. Needs CONFIG_MEMCG.
 */
#include "krun_device.h"
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include "kselftest_harness.h"

#define CGROUPS "/tmp/krun-cgroups"
#define GROUP CGROUPS "/opener"
#define FILES 200

/* Of the group, in bytes. */
static long charged(void)
{
	return read_number(GROUP "/memory.current");
}

/* Maps and samples every file: what is charged can be used. */
static int open_files_in_group(void)
{
	char self[16];
	int i;

	snprintf(self, sizeof(self), "%d", getpid());
	if (write_text(GROUP "/cgroup.procs", self))
		return -1;
	for (i = 0; i < FILES; i++) {
		int fd = krun_open();

		if (fd < 0 || !krun_map(fd) ||
		    krun_plan_all(fd, KRUN_COUNTER_APERF, 0) ||
		    krun_sample(fd, 0) < 0)
			return -1;
	}
	return 0;
}

/* Before 5.11 the kernel could not map what it charges. */
static bool can_map_what_it_charges(void)
{
	struct utsname name;
	int version, patchlevel;

	if (uname(&name) ||
	    sscanf(name.release, "%d.%d", &version, &patchlevel) != 2)
		return false;
	return version > 5 || (version == 5 && patchlevel >= 11);
}

TEST(slots_are_charged_to_the_cgroup_that_opens_and_can_be_mapped)
{
	long before, after, page = sysconf(_SC_PAGESIZE);
	int ready[2], status;
	char outcome = -1;
	pid_t child;

	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) ||
	    write_text(CGROUPS "/cgroup.subtree_control", "+memory"))
		SKIP(return, "kernel without CONFIG_MEMCG");
	ASSERT_EQ(0, mkdir(GROUP, 0700));
	before = charged();
	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		outcome = open_files_in_group();
		if (write(ready[1], &outcome, 1) == 1)
			pause();
		_exit(0);
	}
	EXPECT_EQ(1, read(ready[0], &outcome, 1));
	EXPECT_EQ(0, outcome);
	after = charged();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	TH_LOG("%d files: %ld bytes", FILES, after - before);
	/* At least a page each: far more than all else of the child's. */
	if (can_map_what_it_charges())
		EXPECT_LE(FILES * page, after - before);
	EXPECT_EQ(0, rmdir(GROUP));
	EXPECT_EQ(0, umount(CGROUPS));
	rmdir(CGROUPS);
}

TEST_HARNESS_MAIN
