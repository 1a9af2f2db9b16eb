// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads and unloads the module again and again, while others sample, CPUs come and
 * go, and perf counts: load_test MODULE TIMES
 *
 * Nothing may be left of it, and memory may not grow from one half of the loads to
 * the other. Prints TAP.
 */
#include "loading.h"
#include <linux/krun.h>
#include <pthread.h>
#include <sys/ioctl.h>

#define COUNTERS (KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES | \
		  KRUN_COUNTER_INSTRUCTIONS | KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_SWITCHES)
#define SAMPLERS 2
/* In half of the loads; less is the noise of everybody else's memory. */
#define GROWN_KIB 768
#define LOAD_MS 2000 /* in which somebody has sampled */

static bool stopping;
static unsigned long samples, sample_errors, hotplugs, events;
static int tests, failures;

static bool goes_on(void)
{
	return !__atomic_load_n(&stopping, __ATOMIC_RELAXED);
}

static void count(unsigned long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static unsigned long counted(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void test(bool passed, const char *what)
{
	tests++;
	failures += !passed;
	printf("%sok %d %s\n", passed ? "" : "not ", tests, what);
}

/* The plan of an offline CPU's counters may find them taken, by us. */
static bool may_happen(int error)
{
	return error == EBUSY;
}

static void *sample_often(void *flags)
{
	struct krun_plan plan = { .flags = (unsigned long)flags, .counters = COUNTERS };
	int fd, i;

	while (goes_on()) {
		fd = open("/dev/krun", O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			/* Not loaded, or on its way. */
			if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
				count(&sample_errors);
			usleep(1000);
			continue;
		}
		if (ioctl(fd, KRUN_IOC_PLAN, &plan) && !may_happen(errno))
			count(&sample_errors);
		for (i = 0; i < 5 && goes_on(); i++)
			if (ioctl(fd, KRUN_IOC_SAMPLE, 0) >= 0)
				count(&samples);
		close(fd);
		/* Somebody else's turn to unload. */
		usleep(10000);
	}
	return NULL;
}

static void *plug_often(void *last)
{
	int cpu = (long)last;

	while (goes_on()) {
		if (!set_cpu_online(cpu, false))
			count(&hotplugs);
		usleep(20000);
		set_cpu_online(cpu, true);
		usleep(20000);
	}
	return NULL;
}

static void *count_often(void *unused)
{
	int fd;

	(void)unused;
	while (goes_on()) {
		fd = open_cycles_event(0, false);
		if (fd >= 0)
			count(&events);
		usleep(5000);
		close(fd);
	}
	return NULL;
}

/* What the kernel cannot give back, and modules and per-CPU variables. */
static long kib_in_use(void)
{
	static const char * const kinds[] = { "SUnreclaim:", "Percpu:", "VmallocUsed:" };
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long sum = 0;
	size_t i;

	while (file && fgets(line, sizeof(line), file))
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (!strncmp(line, kinds[i], strlen(kinds[i])))
				sum += atol(line + strlen(kinds[i]));
	if (file)
		fclose(file);
	return sum;
}

/* Return: how often it was refused; -1: not because it was in use. */
static long unload(void)
{
	long refused = 0;
	int error;

	while ((error = unload_module())) {
		if (error != EWOULDBLOCK) {
			printf("# unload: %s\n", strerror(error));
			return -1;
		}
		refused++;
		usleep(500);
	}
	return refused;
}

/* Return: how often an unload was refused; -1: something failed. */
static long load_and_unload(const char *module, int times)
{
	unsigned long before, end;
	long refused = 0, more;
	int error, i;

	for (i = 0; i < times; i++) {
		error = load_module(module);
		if (error) {
			printf("# load %d: %s\n", i, strerror(error));
			return -1;
		}
		/* Now and then it goes before anybody has come. */
		before = counted(&samples);
		end = now_ms() + (i % 4 ? LOAD_MS : 0);
		while (counted(&samples) == before && now_ms() < end)
			usleep(500);
		more = unload();
		if (more < 0)
			return -1;
		refused += more;
	}
	return refused;
}

int main(int argc, char **argv)
{
	int times = argc == 3 ? atoi(argv[2]) : 0, half = times / 2, i;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), refused, memory, grown;
	pthread_t threads[SAMPLERS + 2];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (half < 1 || cpus < 2) {
		fprintf(stderr, "usage: load_test MODULE TIMES, on two CPUs or more\n");
		return 2;
	}
	printf("TAP version 13\n1..6\n");
	for (i = 0; i < SAMPLERS; i++)
		pthread_create(&threads[i], NULL, sample_often,
			       (void *)(i ? (unsigned long)KRUN_SAMPLE_IDLE_SNAPSHOT : 0UL));
	pthread_create(&threads[SAMPLERS], NULL, plug_often, (void *)(cpus - 1));
	pthread_create(&threads[SAMPLERS + 1], NULL, count_often, NULL);

	refused = load_and_unload(argv[1], half);
	memory = kib_in_use();
	if (refused >= 0)
		refused += load_and_unload(argv[1], half);
	grown = kib_in_use() - memory;
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	for (i = 0; i < SAMPLERS + 2; i++)
		pthread_join(threads[i], NULL);

	printf("# %d loads, %lu samples, %ld unloads refused, %lu hotplugs, %lu events, %ld KiB more\n",
	       2 * half, samples, refused, hotplugs, events, grown);
	test(refused >= 0, "loads and unloads");
	test(refused > 0, "an unload is refused while the device is open");
	test(samples > (unsigned long)half && !sample_errors, "others sample meanwhile, without errors");
	test(hotplugs && events, "CPUs come and go, and perf counts, meanwhile");
	test(grown < GROWN_KIB, "memory does not grow");
	test(nothing_is_left(), "no module, hotplug callback, device or driver is left");
	return failures != 0;
}
