// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls the Krun system calls and /dev/krun with random arguments from many
 * threads at once, while memory, CPUs and processes come and go:
 *
 *	krun_fuzz SEED SECONDS
 *
 * Each thread's calls follow from the seed; how the threads interleave does
 * not. Whether it went well is in the kernel's log, for whoever started this;
 * the exit status only says that ordinary use still works.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "fuzz.h"

#define THREADS 8
#define CALLS_BETWEEN_DISTURBANCES 20

struct worker {
	pthread_t thread;
	struct random random;
	struct counts counts;
};

static bool finished;

static bool is_finished(void)
{
	return __atomic_load_n(&finished, __ATOMIC_RELAXED);
}

static void ignore(int signal)
{
	(void)signal;
}

static void *call_on(void *argument)
{
	struct worker *worker = argument;
	int i;

	while (!is_finished()) {
		for (i = 0; i < CALLS_BETWEEN_DISTURBANCES; i++) {
			make_random_call(&worker->random, &worker->counts);
			if (one_in(&worker->random, 4))
				change_memory(&worker->random);
		}
		disturb_threads(&worker->random);
	}
	return NULL;
}

static void *disturb_on(void *argument)
{
	while (!is_finished())
		disturb_machine(argument);
	return NULL;
}

static void report(const struct worker *workers)
{
	uint64_t all = 0;
	int call, i;

	for (call = 0; call < CALLS; call++) {
		uint64_t good = 0, bad = 0;

		for (i = 0; i < THREADS; i++) {
			good += workers[i].counts.good[call];
			bad += workers[i].counts.bad[call];
		}
		printf("%-12s %9llu good %9llu refused\n", call_names[call],
		       (unsigned long long)good, (unsigned long long)bad);
		all += good + bad;
	}
	printf("%llu calls\n", (unsigned long long)all);
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	struct random cpus;
	struct timespec time = { 0 };
	pthread_t disturber;
	uint64_t seed;
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: krun_fuzz SEED SECONDS\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	time.tv_sec = strtol(argv[2], NULL, 0);
	signal(SIGUSR1, ignore);
	if (!memory_setup())
		return 1;
	printf("allocations %s\n", faults_setup() ? "fail now and then" :
						    "are never made to fail");
	cpus.state = seed;
	for (i = 0; i < THREADS; i++) {
		workers[i].random.state = seed * THREADS + i + 1;
		if (pthread_create(&workers[i].thread, NULL, call_on,
				   &workers[i]))
			return 1;
	}
	if (pthread_create(&disturber, NULL, disturb_on, &cpus))
		return 1;
	while (nanosleep(&time, &time))
		; /* interrupted by a signal: the rest */
	__atomic_store_n(&finished, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_join(disturber, NULL);
	report(workers);
	if (!ordinary_use_works()) {
		printf("FAILED: ordinary use does not work any more\n");
		return 1;
	}
	return 0;
}
