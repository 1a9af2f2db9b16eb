// SPDX-License-Identifier: GPL-2.0-only
/* Threads, fork, exec and many processes at once. */
#include "krun_selftest.h"
#include <pthread.h>
#include "kselftest_harness.h"

#define PROCESSES 300
#define THREADS 8

static int read_once(void)
{
	struct reading reading;

	return -krun_read(1, false, &reading);
}

TEST(fork_starts_unconfigured)
{
	ASSERT_EQ(0, krun_configure(1));
	EXPECT_EQ(ENODATA, in_child(read_once));
	EXPECT_EQ(0, read_once());
}

TEST(vfork_style_child_does_not_take_its_parents_state_with_it)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, krun_configure(1));
	child = vfork();
	if (!child)
		_exit(0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, read_once());
}

/* Return: the exit status of a program that reads once, after @prepare. */
static int exec_and_read(int (*prepare)(void))
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (krun_configure(1) || prepare())
			_exit(100);
		execl("/proc/self/exe", "process_test", "--read-once", NULL);
		_exit(101);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int stay_root(void)
{
	return 0;
}

static int become_nobody(void)
{
	return setuid(65534);
}

/* What a program was permitted, another one in its place is not. */
TEST(exec_ends_the_configuration)
{
	EXPECT_EQ(ENODATA, exec_and_read(stay_root));
	EXPECT_EQ(EPERM, exec_and_read(become_nobody));
}

static int configure_after_exec(void)
{
	struct reading reading;

	if (krun_reset(1) != -ENODATA || krun_configure(1))
		return 1;
	/* The baseline of the program before it is gone, too. */
	return krun_read(1, false, &reading) || !reading.aperf[0];
}

static int revoked[2], given[2];

/*
 * In a child: configures one CPU as root, if asked to, and @cpus as nobody; waits
 * until the parent has changed the sysctl. Return: whether all went well so far.
 */
static bool configured_until_revoked(bool one_as_root, int cpus)
{
	struct reading reading;
	char byte = 0;

	return (!one_as_root || !krun_configure(1)) && !become_nobody() &&
	       !krun_configure(cpus) && !krun_read(cpus, false, &reading) &&
	       write(given[1], &byte, 1) == 1 && read(revoked[0], &byte, 1) == 1;
}

static int all_is_gone(void)
{
	if (!configured_until_revoked(false, 1))
		return 1;
	return read_once() != EPERM || krun_reset(1) != -EPERM ||
	       krun_configure(1) != -EPERM;
}

static int the_first_cpu_stays(void)
{
	struct reading reading;

	if (!configured_until_revoked(true, 2))
		return 1;
	return read_once() || krun_read(2, false, &reading) != -ENODATA;
}

/* Return: the exit status of @body in a child, from which all is taken. */
static int revoke_from(int (*body)(void))
{
	char byte = 0;
	pid_t child;
	int status;

	if (pipe(revoked) || pipe(given) || write_text(UNPRIVILEGED_SYSCTL, "1"))
		return -1;
	child = fork();
	if (!child)
		_exit(body());
	if (read(given[0], &byte, 1) != 1 || write_text(UNPRIVILEGED_SYSCTL, "0") ||
	    write(revoked[1], &byte, 1) != 1 ||
	    waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

TEST(the_sysctl_takes_back_what_it_has_given)
{
	ASSERT_EQ(0, krun_configure(1));
	EXPECT_EQ(0, revoke_from(all_is_gone));
	/* Who has the capability keeps it. */
	EXPECT_EQ(0, read_once());
}

TEST(what_the_capability_gave_stays)
{
	if (online_cpus() < 2)
		SKIP(return, "one CPU only");
	EXPECT_EQ(0, revoke_from(the_first_cpu_stays));
}

static void *configure_in_thread(void *result)
{
	*(int *)result = krun_configure(online_cpus());
	return NULL;
}

TEST(threads_share_the_configuration)
{
	struct reading reading;
	pthread_t thread;
	int result = -1;

	ASSERT_EQ(0, pthread_create(&thread, NULL, configure_in_thread, &result));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, result);
	/* The thread is gone, its process is not. */
	EXPECT_EQ(0, krun_read(online_cpus(), false, &reading));
}

/* Samples take turns; emulated CPUs that wait for theirs burn the host's time. */
FIXTURE(many)
{
};

FIXTURE_SETUP(many)
{
}

FIXTURE_TEARDOWN(many)
{
}

/*
 * Concurrent readings and resets: none may fail or go below zero. A slow machine
 * does fewer, but at least two resets.
 */
static void *read_and_reset(void *result)
{
	struct reading reading;
	int cpus = online_cpus(), cpu, i, err;
	uint64_t end = now_ms() + 20000;

	for (i = 0; i < 500 && (i < 32 || now_ms() < end); i++) {
		err = i % 16 ? krun_read(cpus, i % 2, &reading) :
			       krun_reset(cpus);
		for (cpu = 0; cpu < cpus && i % 16 && !err; cpu++)
			if (reading.aperf[cpu] >> 62 || reading.cycles[cpu] >> 62)
				err = -ERANGE;
		if (err) {
			*(int *)result = err;
			return NULL;
		}
	}
	*(int *)result = 0;
	return NULL;
}

TEST_F_TIMEOUT(many, threads_race_for_the_buffer, 120)
{
	pthread_t threads[THREADS];
	int results[THREADS], i;

	ASSERT_EQ(0, krun_configure(online_cpus()));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_and_reset,
					    &results[i]));
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, results[i]);
	}
}

static int gate[2], ready[2];

static int hold_counters(void)
{
	struct reading before, after;
	int cpus = online_cpus();
	char byte = 'n';

	close(gate[1]);
	if (!krun_configure(cpus) && !krun_reset(cpus) &&
	    !krun_read(cpus, false, &before) && !krun_read(cpus, true, &after) &&
	    after.aperf[0] >= before.aperf[0])
		byte = 'y';
	if (write(ready[1], &byte, 1) != 1)
		return 2;
	/* Until the gate closes, all of them hold their counters. */
	if (read(gate[0], &byte, 1) != 0)
		return 3;
	return byte == 'y' ? -krun_read(cpus, false, &after) : 1;
}

TEST_F_TIMEOUT(many, processes_at_once, 120)
{
	pid_t children[PROCESSES];
	int i, status;
	char byte;

	ASSERT_EQ(0, pipe(gate));
	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i])
			_exit(hold_counters());
	}
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		EXPECT_EQ('y', byte);
	}
	close(gate[1]);
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* What exec_and_read() starts instead of the tests. */
static void __attribute__((constructor)) read_once_when_asked(int argc,
							      char **argv)
{
	int err;

	if (argc != 2 || strcmp(argv[1], "--read-once"))
		return;
	err = read_once();
	_exit(err == ENODATA && configure_after_exec() ? 102 : err);
}

TEST_HARNESS_MAIN
