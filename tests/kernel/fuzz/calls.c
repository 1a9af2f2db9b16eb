// SPDX-License-Identifier: GPL-2.0-only
/* Random calls: mostly nearly right, so that they get far before they fail. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/krun.h>
#include "fuzz.h"
#include "krun-syscall.h"

#define FILES 8
#define MAPPINGS 8

const char *const call_names[CALLS] = {
	"open", "close", "dup", "plan", "info", "sample", "ioctl sample",
	"seal", "other ioctl", "mmap", "munmap", "read slots", "configure", "reset",
	"read_msrs",
};

/* Shared by all threads without a lock, so that they race. */
static int files[FILES] = { -1, -1, -1, -1, -1, -1, -1, -1 };

struct mapping {
	void *address;
	size_t size;
};

/* A thread's own: nobody else may unmap what it is reading. */
static __thread struct mapping mappings[MAPPINGS];

static int a_file(struct random *random)
{
	if (one_in(random, 50))
		return (int)random_u64(random);
	return files[random_below(random, FILES)];
}

static uint64_t some_flags(struct random *random)
{
	if (one_in(random, 20))
		return random_u64(random);
	return random_below(random, one_in(random, 5) ? 16 : 8);
}

static uint32_t some_counters(struct random *random)
{
	return 1 + random_below(random, one_in(random, 3) ? 1024 : 8);
}

static long call_open(struct random *random)
{
	int mode = one_in(random, 20) ? O_RDONLY : O_RDWR;
	int fd = open("/dev/krun", mode | O_CLOEXEC), old;
	struct krun_plan plan = {
		.flags = random_below(random, 16),
		.counters = some_counters(random),
	};

	if (fd >= 0 && !one_in(random, 4))
		ioctl(fd, KRUN_IOC_PLAN, &plan);
	old = __atomic_exchange_n(&files[random_below(random, FILES)], fd,
				  __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
	return fd;
}

static long call_close(struct random *random)
{
	if (!one_in(random, 3))
		return -1;
	return close(__atomic_exchange_n(&files[random_below(random, FILES)],
					 -1, __ATOMIC_RELAXED));
}

static long call_dup(struct random *random)
{
	int fd = dup(a_file(random));
	int old;

	if (fd < 0)
		return fd;
	old = __atomic_exchange_n(&files[random_below(random, FILES)], fd,
				  __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
	return fd;
}

/* Cycles, instructions, or anything. */
static void some_events(struct random *random, struct krun_plan *plan)
{
	unsigned int n = random_below(random, KRUN_EVENTS_OF_PLAN);

	plan->counters |= KRUN_COUNTER_EVENT(n);
	plan->events[n].type = one_in(random, 10) ? random_below(random, 12) : 0;
	plan->events[n].config = one_in(random, 10) ? random_u64(random) :
						      random_below(random, 2);
	if (one_in(random, 20))
		plan->events[n].reserved = 1;
}

static void some_masks(struct random *random, struct krun_plan *plan)
{
	uint64_t *mask = random_memory(random, 64);

	if (one_in(random, 2)) {
		plan->cpus = (uintptr_t)mask;
		plan->cpus_size = one_in(random, 5) ?
					  random_below(random, 6000) :
					  1 + random_below(random, 8);
	}
	if (one_in(random, 3)) {
		/* Good for sure. */
		mask = writable_memory(random, sizeof(*mask));
		*mask = 1 + random_below(random, 15);
		plan->cpus = (uintptr_t)mask;
		plan->cpus_size = sizeof(*mask);
	}
	if (!one_in(random, 6))
		return;
	plan->flags |= one_in(random, 8) ? 0 : KRUN_PLAN_SHIELD;
	if (one_in(random, 2)) {
		plan->shield = (uintptr_t)mask;
		plan->shield_size = 1 + random_below(random, 8);
	}
}

static unsigned int of_another_size(struct random *random, unsigned int command)
{
	return _IOC(_IOC_DIR(command), _IOC_TYPE(command), _IOC_NR(command),
		    random_below(random, one_in(random, 2) ? 128 : 9000));
}

static long call_plan(struct random *random)
{
	struct krun_plan plan = {
		.flags = some_flags(random),
		.counters = some_counters(random),
	};
	char *argument = random_memory(random, sizeof(plan) + 64);
	unsigned int command = KRUN_IOC_PLAN;

	if (one_in(random, 10))
		command = of_another_size(random, command);
	if (one_in(random, 10))
		plan.counters = random_u64(random);
	if (one_in(random, 3))
		some_events(random, &plan);
	some_masks(random, &plan);
	if (one_in(random, 2)) {
		argument = writable_memory(random, sizeof(plan) + 64);
		memset(argument, one_in(random, 10), sizeof(plan) + 64);
		memcpy(argument, &plan, sizeof(plan));
	}
	return ioctl(a_file(random), command,
		     one_in(random, 3) && command == KRUN_IOC_PLAN ?
			     (void *)&plan : argument);
}

static long call_info(struct random *random)
{
	struct krun_info info;

	if (one_in(random, 2))
		return ioctl(a_file(random), KRUN_IOC_INFO, &info);
	return ioctl(a_file(random), of_another_size(random, KRUN_IOC_INFO),
		     one_in(random, 2) ? writable_memory(random, 9000) :
					 random_memory(random, 9000));
}

/* Seldom: a sealed file takes no plan any more. */
static long call_seal(struct random *random)
{
	if (!one_in(random, 10))
		return -1;
	return ioctl(a_file(random), KRUN_IOC_SEAL, 0);
}

static long call_map(struct random *random)
{
	struct mapping *mapping = &mappings[random_below(random, MAPPINGS)];
	size_t size = 4096 * (1 + random_below(random, one_in(random, 5) ? 64 : 2));
	int protection = one_in(random, 5) ? PROT_READ | PROT_WRITE : PROT_READ;
	off_t offset = one_in(random, 5) ? 4096 * random_below(random, 8) : 0;
	void *address = mmap(NULL, one_in(random, 4) ? size : 4096, protection,
			     one_in(random, 5) ? MAP_PRIVATE : MAP_SHARED,
			     a_file(random), offset);

	if (address == MAP_FAILED)
		return -1;
	if (mapping->address)
		munmap(mapping->address, mapping->size);
	*mapping = (struct mapping){ address, 4096 };
	mprotect(address, 4096, PROT_READ | PROT_WRITE);
	mprotect(address, 4096, PROT_READ);
	return 0;
}

static long call_unmap(struct random *random)
{
	struct mapping *mapping = &mappings[random_below(random, MAPPINGS)];
	long result = mapping->address ?
			      munmap(mapping->address, mapping->size) : -1;

	mapping->address = NULL;
	return result;
}

static long call_read_slots(struct random *random)
{
	const struct mapping *mapping =
		&mappings[random_below(random, MAPPINGS)];
	const struct krun_slot *slots = mapping->address;
	unsigned int cpu = random_below(random, 4);

	if (!slots)
		return -1;
	return __atomic_load_n(&slots[cpu].status, __ATOMIC_RELAXED) <=
			       KRUN_STATUS_SHIELDED ? 0 : -1;
}

static long some_count(struct random *random)
{
	if (one_in(random, 10))
		return (int)random_u64(random);
	return random_below(random, 6);
}

static long call_read_msrs(struct random *random)
{
	void *arrays[3];
	int i;

	for (i = 0; i < 3; i++)
		arrays[i] = one_in(random, 3) ? random_memory(random, 64) :
						writable_memory(random, 64);
	return syscall(SYSCALL_KRUN_READ_MSRS, some_count(random),
		       random_below(random, 2), arrays[0], arrays[1],
		       arrays[2]);
}

/* The module has no system call. */
static long sample(int fd, unsigned int flags)
{
	long ret = syscall(SYSCALL_KRUN_SAMPLE, fd, flags);

	return ret < 0 && errno == ENOSYS ? ioctl(fd, KRUN_IOC_SAMPLE, flags) : ret;
}

static long make_call(enum call call, struct random *random)
{
	switch (call) {
	case CALL_OPEN:
		return call_open(random);
	case CALL_CLOSE:
		return call_close(random);
	case CALL_DUP:
		return call_dup(random);
	case CALL_PLAN:
		return call_plan(random);
	case CALL_INFO:
		return call_info(random);
	case CALL_SAMPLE:
		return sample(a_file(random), some_flags(random));
	case CALL_IOC_SAMPLE:
		return ioctl(a_file(random), KRUN_IOC_SAMPLE,
			     some_flags(random));
	case CALL_SEAL:
		return call_seal(random);
	case CALL_OTHER_IOCTL:
		return ioctl(a_file(random),
			     KRUN_IOC_PLAN ^ (1ul << random_below(random, 32)),
			     random_memory(random, 16384));
	case CALL_MAP:
		return call_map(random);
	case CALL_UNMAP:
		return call_unmap(random);
	case CALL_READ_SLOTS:
		return call_read_slots(random);
	case CALL_CONFIGURE:
		return syscall(SYSCALL_KRUN_CONFIGURE, some_count(random));
	case CALL_RESET:
		return syscall(SYSCALL_KRUN_RESET_MSRS, some_count(random));
	default:
		return call_read_msrs(random);
	}
}

void make_random_call(struct random *random, struct counts *counts)
{
	/* Samples are what it is all about. */
	enum call call = one_in(random, 3) ? CALL_SAMPLE :
					     random_below(random, CALLS);
	/*
	 * Not those of an open file: vmalloc() shows a stack in the log when it
	 * fails, as if that were a mistake.
	 */
	bool faulty = call != CALL_OPEN && one_in(random, 8);
	long result;

	if (faulty)
		faults_begin(random);
	result = make_call(call, random);
	if (faulty)
		faults_end();
	if (result < 0)
		counts->bad[call]++;
	else
		counts->good[call]++;
}

/*
 * After all that: a program that makes no mistakes gets what it wants. On CPU 0,
 * whose counters are then its own, whatever shields the files have that are left.
 */
bool ordinary_use_works(void)
{
	struct krun_plan plan = { .counters = 7 };
	int fd = open("/dev/krun", O_RDWR | O_CLOEXEC);
	const struct krun_slot *slots =
		mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t last = 0;
	cpu_set_t first;
	int i;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (fd < 0 || slots == MAP_FAILED ||
	    sched_setaffinity(0, sizeof(first), &first) ||
	    ioctl(fd, KRUN_IOC_PLAN, &plan)) {
		perror("ordinary use");
		return false;
	}
	for (i = 0; i < 100; i++) {
		if (sample(fd, 0) < 0) {
			perror("ordinary use");
			return false;
		}
		if (slots[0].status != KRUN_STATUS_OK || slots[0].cycles <= last) {
			fprintf(stderr, "ordinary use: status %d, %llu cycles after %llu\n",
				slots[0].status,
				(unsigned long long)slots[0].cycles,
				(unsigned long long)last);
			return false;
		}
		last = slots[0].cycles;
	}
	return true;
}
