// SPDX-License-Identifier: GPL-2.0-only
/* What goes on around the calls: CPUs come and go, signals, new processes. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz.h"

#define CPUS 4

static void set_cpu(unsigned int cpu, bool online)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, online ? "1" : "0", 1) < 0)
		usleep(1000);
	close(fd);
}

/* CPU 0 stays. All are online afterwards. */
void disturb_cpus(struct random *random)
{
	unsigned int cpu = 1 + random_below(random, CPUS - 1);

	set_cpu(cpu, false);
	usleep(random_below(random, 100000));
	set_cpu(cpu, true);
	usleep(random_below(random, 200000));
}

/* A child shares the files and none of the rest; it dies in the middle. */
static void fork_child(struct random *random)
{
	struct counts counts = { 0 };
	pid_t child = fork();
	int status, calls = random_below(random, 50);

	if (!child) {
		while (calls--)
			make_random_call(random, &counts);
		if (one_in(random, 2))
			raise(SIGKILL);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, &status, 0);
}

/* Runs in every thread, now and then. */
void disturb_threads(struct random *random)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(random_below(random, CPUS), &set);
	switch (random_below(random, 4)) {
	case 0:
		sched_setaffinity(0, sizeof(set), &set);
		break;
	case 1:
		kill(getpid(), SIGUSR1);
		break;
	case 2:
		usleep(random_below(random, 3000));
		break;
	default:
		if (one_in(random, 8))
			fork_child(random);
	}
}
