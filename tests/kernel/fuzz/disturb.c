// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes on around the calls: CPUs come and go, the machine sleeps, settings
 * change, signals, new processes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz.h"

#define CPUS 4

#define FILES 64
#define NOBODY 65534

/* Whether that worked does not matter. */
static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		usleep(1000);
	close(fd);
}

static void look_at(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[512];

	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void set_cpu(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	set(path, online ? "1" : "0");
}

/* As far as it goes without anybody to wake the machine: tasks and devices. */
static void suspend(void)
{
	set("/sys/module/suspend/parameters/pm_test_delay", "1");
	set("/sys/power/pm_test", "devices");
	set("/sys/power/state", "mem");
	set("/sys/power/pm_test", "none");
}

static void change_settings(struct random *random)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%u",
		 random_below(random, FILES));
	look_at(path);
	look_at("/sys/class/misc/krun/shielded");
	set("/proc/sys/kernel/krun_unprivileged",
	    one_in(random, 2) ? "1" : "0");
}

/* CPU 0 stays. All are online afterwards. */
void disturb_machine(struct random *random)
{
	unsigned int cpu = 1 + random_below(random, CPUS - 1);

	set_cpu(cpu, false);
	usleep(random_below(random, 100000));
	set_cpu(cpu, true);
	usleep(random_below(random, 200000));
	change_settings(random);
	if (one_in(random, 100))
		suspend();
}

/*
 * A child shares the files and none of the rest, perhaps not even the permission;
 * it dies in the middle.
 */
static void fork_child(struct random *random)
{
	struct counts counts = { 0 };
	pid_t child = fork();
	int status, calls = random_below(random, 50);

	if (!child) {
		if (one_in(random, 2) && setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
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
