/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel's own kselftest_harness.h as our tests need, for kernels
 * whose harness neither skips tests nor speaks TAP (before 5.9), or that have none
 * (before 4.13).
 *
 * A test is a child process, in a process group of its own, which is killed when
 * its time is up. Its exit status is the result.
 */
#ifndef __KSELFTEST_HARNESS_H
#define __KSELFTEST_HARNESS_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum harness_result { HARNESS_PASS, HARNESS_FAIL, HARNESS_SKIP };

struct harness_test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;
	struct harness_test *next;
};

static struct harness_test *harness_first;
static struct harness_test **harness_end = &harness_first;
static unsigned int harness_count;

/* Of the running test, in its process. */
static enum harness_result harness_result;
static bool harness_in_test;
static jmp_buf harness_out;

/* The child writes it, the parent prints it. */
static char *harness_reason;
#define HARNESS_REASON_SIZE 256

static pid_t harness_child;

static inline void harness_add(struct harness_test *test)
{
	*harness_end = test;
	harness_end = &test->next;
	harness_count++;
}

/* A failed ASSERT_*: what has been set up is still torn down. */
static inline void harness_leave(void)
{
	if (harness_in_test)
		longjmp(harness_out, 1);
	fflush(NULL);
	_exit(HARNESS_FAIL);
}

#define TH_LOG(format, ...)						\
	fprintf(stderr, "# %s:%d: " format "\n", __FILE__, __LINE__,	\
		##__VA_ARGS__)

#define SKIP(statement, format, ...)					\
do {									\
	snprintf(harness_reason, HARNESS_REASON_SIZE, format,		\
		 ##__VA_ARGS__);					\
	if (harness_result == HARNESS_PASS)				\
		harness_result = HARNESS_SKIP;				\
	statement;							\
} while (0)

#define HARNESS_COMPARE(expected, operator, seen, is_last)		\
do {									\
	__typeof__(expected) __expected = (expected);			\
	__typeof__(seen) __seen = (seen);				\
									\
	if (!(__expected operator __seen)) {				\
		TH_LOG("Expected %s (%lld) %s %s (%lld)", #expected,	\
		       (long long)(uintptr_t)__expected, #operator,	\
		       #seen, (long long)(uintptr_t)__seen);		\
		harness_result = HARNESS_FAIL;				\
		if (is_last)						\
			harness_leave();				\
	}								\
} while (0)

#define ASSERT_EQ(expected, seen) HARNESS_COMPARE(expected, ==, seen, true)
#define ASSERT_NE(expected, seen) HARNESS_COMPARE(expected, !=, seen, true)
#define ASSERT_LT(expected, seen) HARNESS_COMPARE(expected, <, seen, true)
#define ASSERT_LE(expected, seen) HARNESS_COMPARE(expected, <=, seen, true)
#define ASSERT_GT(expected, seen) HARNESS_COMPARE(expected, >, seen, true)
#define ASSERT_GE(expected, seen) HARNESS_COMPARE(expected, >=, seen, true)
#define ASSERT_TRUE(seen) HARNESS_COMPARE(false, !=, seen, true)
#define ASSERT_FALSE(seen) HARNESS_COMPARE(false, ==, seen, true)

#define EXPECT_EQ(expected, seen) HARNESS_COMPARE(expected, ==, seen, false)
#define EXPECT_NE(expected, seen) HARNESS_COMPARE(expected, !=, seen, false)
#define EXPECT_LT(expected, seen) HARNESS_COMPARE(expected, <, seen, false)
#define EXPECT_LE(expected, seen) HARNESS_COMPARE(expected, <=, seen, false)
#define EXPECT_GT(expected, seen) HARNESS_COMPARE(expected, >, seen, false)
#define EXPECT_GE(expected, seen) HARNESS_COMPARE(expected, >=, seen, false)
#define EXPECT_TRUE(seen) HARNESS_COMPARE(false, !=, seen, false)
#define EXPECT_FALSE(seen) HARNESS_COMPARE(false, ==, seen, false)

#define HARNESS_REGISTER(function, title, limit)			\
	static void __attribute__((constructor)) function##_add(void)	\
	{								\
		static struct harness_test test = {			\
			.name = title,					\
			.run = function,				\
			.seconds = limit,				\
		};							\
									\
		harness_add(&test);					\
	}

#define TEST_TIMEOUT(test, limit)					\
	static void global_##test(void);				\
	HARNESS_REGISTER(global_##test, "global." #test, limit)		\
	static void global_##test(void)

#define TEST(test) TEST_TIMEOUT(test, 30)

#define FIXTURE(fixture) struct fixture##_data

#define FIXTURE_SETUP(fixture)						\
	static void fixture##_setup(struct fixture##_data *self)

#define FIXTURE_TEARDOWN(fixture)					\
	static void fixture##_teardown(struct fixture##_data *self)

#define TEST_F_TIMEOUT(fixture, test, limit)				\
	static void fixture##_##test(struct fixture##_data *self);	\
	static void fixture##_##test##_run(void)			\
	{								\
		static struct fixture##_data self;			\
									\
		fixture##_setup(&self);					\
		if (harness_result == HARNESS_PASS) {			\
			harness_in_test = true;				\
			if (!setjmp(harness_out))			\
				fixture##_##test(&self);		\
			harness_in_test = false;			\
			fixture##_teardown(&self);			\
		}							\
	}								\
	HARNESS_REGISTER(fixture##_##test##_run, #fixture "." #test, limit) \
	static void fixture##_##test(struct fixture##_data *self)

#define TEST_F(fixture, test) TEST_F_TIMEOUT(fixture, test, 30)

static void harness_time_is_up(int signal)
{
	(void)signal;
	kill(-harness_child, SIGKILL);
}

static enum harness_result harness_run_one(const struct harness_test *test)
{
	int status;

	*harness_reason = '\0';
	fflush(NULL);
	harness_child = fork();
	if (harness_child < 0)
		return HARNESS_FAIL;
	if (!harness_child) {
		setpgid(0, 0);
		test->run();
		fflush(NULL);
		_exit(harness_result);
	}
	/* Whoever of the two is first. */
	setpgid(harness_child, harness_child);
	alarm(test->seconds);
	while (waitpid(harness_child, &status, 0) != harness_child)
		;
	alarm(0);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= HARNESS_SKIP)
		return WEXITSTATUS(status);
	if (WIFEXITED(status))
		return HARNESS_FAIL;
	printf("# %s: ended by signal %d, after at most %u s\n", test->name,
	       WTERMSIG(status), test->seconds);
	return HARNESS_FAIL;
}

static int harness_main(void)
{
	struct sigaction action = { .sa_handler = harness_time_is_up };
	const struct harness_test *test;
	unsigned int counts[HARNESS_SKIP + 1] = { 0 };
	unsigned int number = 0;

	harness_reason = mmap(NULL, HARNESS_REASON_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (harness_reason == MAP_FAILED)
		return HARNESS_FAIL;
	sigaction(SIGALRM, &action, NULL);
	printf("TAP version 13\n1..%u\n", harness_count);
	for (test = harness_first; test; test = test->next) {
		enum harness_result result = harness_run_one(test);

		counts[result]++;
		printf("%s %u %s", result == HARNESS_FAIL ? "not ok" : "ok",
		       ++number, test->name);
		if (result == HARNESS_SKIP)
			printf(" # SKIP %s", harness_reason);
		printf("\n");
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n",
	       counts[HARNESS_PASS], counts[HARNESS_FAIL],
	       counts[HARNESS_SKIP]);
	return counts[HARNESS_FAIL] ? HARNESS_FAIL : HARNESS_PASS;
}

#define TEST_HARNESS_MAIN						\
	int main(void)							\
	{								\
		exit(harness_main());					\
	}

#endif /* __KSELFTEST_HARNESS_H */
