// SPDX-License-Identifier: GPL-2.0-only
/* An offline CPU is reported, never guessed; back online, it counts again. */
#include "krun_selftest.h"
#include "kselftest_harness.h"

FIXTURE(hotplug)
{
	int cpus;
	int victim;
};

FIXTURE_SETUP(hotplug)
{
	self->cpus = online_cpus();
	self->victim = self->cpus - 1;
	if (self->cpus < 2 || set_cpu_online(self->victim, true))
		SKIP(return, "no CPU that can be taken offline");
	ASSERT_EQ(0, pin_to(0));
}

FIXTURE_TEARDOWN(hotplug)
{
	set_cpu_online(self->victim, true);
}

TEST_F_TIMEOUT(hotplug, offline_is_enxio_and_comes_back, 90)
{
	struct reading before, after;
	int err;

	ASSERT_EQ(0, krun_configure(self->cpus));
	ASSERT_EQ(0, krun_reset(self->cpus));
	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	ASSERT_EQ(0, set_cpu_online(self->victim, false));
	memset(&after, 0x5a, sizeof(after));
	EXPECT_EQ(-ENXIO, krun_read(self->cpus, false, &after));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aull, after.aperf[0]);
	EXPECT_EQ(-ENXIO, krun_reset(self->cpus));
	EXPECT_EQ(-ENXIO, krun_configure(self->cpus));
	EXPECT_EQ(0, krun_read(self->victim, false, &after));
	ASSERT_EQ(0, set_cpu_online(self->victim, true));
	err = krun_read(self->cpus, false, &after);
	ASSERT_EQ(0, err);
	EXPECT_GE(after.cycles[self->victim], before.cycles[self->victim]);
	EXPECT_GE(after.aperf[self->victim], before.aperf[self->victim]);
	/* And counts on. */
	ASSERT_EQ(0, pin_to(self->victim));
	spin_ms(50);
	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	EXPECT_GT(before.cycles[self->victim], after.cycles[self->victim]);
}

TEST_F_TIMEOUT(hotplug, configure_of_an_offline_cpu_is_enxio, 90)
{
	struct reading reading;

	ASSERT_EQ(0, set_cpu_online(self->victim, false));
	EXPECT_EQ(-ENXIO, krun_configure(self->cpus));
	EXPECT_EQ(-ENODATA, krun_read(1, false, &reading));
	EXPECT_EQ(0, krun_configure(self->victim));
	ASSERT_EQ(0, set_cpu_online(self->victim, true));
	EXPECT_EQ(0, krun_configure(self->cpus));
	EXPECT_EQ(0, krun_read(self->cpus, false, &reading));
}

static int configure_all_and_leave(void)
{
	return -krun_configure(online_cpus());
}

TEST_F_TIMEOUT(hotplug, process_exits_while_its_cpu_is_offline, 90)
{
	int status, ready[2];
	char byte = 0;
	pid_t child;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		byte = configure_all_and_leave() ? 'n' : 'y';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ('y', byte);
	ASSERT_EQ(0, set_cpu_online(self->victim, false));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, set_cpu_online(self->victim, true));
	EXPECT_EQ(0, in_child(configure_all_and_leave));
}

TEST_F_TIMEOUT(hotplug, reading_races_with_offlining, 120)
{
	struct reading before, after;
	int i, err, status;
	pid_t child;

	ASSERT_EQ(0, krun_configure(self->cpus));
	ASSERT_EQ(0, krun_read(self->cpus, false, &before));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		for (i = 0; i < 5; i++) {
			if (set_cpu_online(self->victim, false) ||
			    set_cpu_online(self->victim, true))
				_exit(1);
		}
		_exit(0);
	}
	while (!waitpid(child, &status, WNOHANG)) {
		err = krun_read(self->cpus, false, &after);
		/* EBUSY: online again, its counter is being taken. */
		ASSERT_TRUE(!err || err == -ENXIO || err == -EBUSY);
		if (err)
			continue;
		for (i = 0; i < self->cpus; i++) {
			ASSERT_GE(after.aperf[i], before.aperf[i]);
			ASSERT_GE(after.cycles[i], before.cycles[i]);
		}
		before = after;
	}
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, krun_read(self->cpus, false, &after));
}

TEST_HARNESS_MAIN
