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

TEST(exec_keeps_the_configuration)
{
	int status;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (krun_configure(1))
			_exit(100);
		execl("/proc/self/exe", "process_test", "--read-once", NULL);
		_exit(101);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
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

/* What exec_keeps_the_configuration starts instead of the tests. */
static void __attribute__((constructor)) read_once_when_asked(int argc,
							      char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--read-once"))
		_exit(read_once());
}

TEST_HARNESS_MAIN
