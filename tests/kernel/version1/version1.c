// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program of its day: compiled against the header of version 1 as it was when it
 * was frozen, for 64 bits or for 32, it must work on every later kernel, whose
 * slots may be larger and whose structures may have grown. Prints TAP.
 *
 * Without a C library, and on an x86-64 or i386 kernel's own system calls.
 */
#include <stdbool.h>
#include <stddef.h>
#include "krun_version1.h"

#ifdef __x86_64__
enum { SYS_WRITE = 1, SYS_OPEN = 2, SYS_MMAP = 9, SYS_IOCTL = 16, SYS_EXIT = 60 };

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}
#else
enum { SYS_EXIT = 1, SYS_WRITE = 4, SYS_OPEN = 5, SYS_IOCTL = 54, SYS_MMAP = 192 };

/* The sixth argument is in ebp, which the compiler keeps for itself. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long arguments[] = { number, f }, ret;

	asm volatile("push %%ebp\n\t"
		     "mov 4(%%eax), %%ebp\n\t"
		     "mov (%%eax), %%eax\n\t"
		     "int $0x80\n\t"
		     "pop %%ebp"
		     : "=a"(ret)
		     : "a"(arguments), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
		     : "memory");
	return ret;
}
#endif

#define EPERM 1
#define O_RDWR 2
#define PROT_READ 1
#define MAP_SHARED 1
#define MAP_FAILED_LOW (-4095L)

#define CPUS 2 /* of those that are planned */

static int failed;

static void print(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(SYS_WRITE, 1, (long)text, length, 0, 0, 0);
}

static void test(bool passed, const char *name)
{
	static char number[] = " 1 ";

	print(passed ? "ok" : "not ok");
	print(number);
	print(name);
	print("\n");
	number[1]++;
	failed += !passed;
}

static const struct krun_slot *slot_of(const char *slots, const struct krun_info *info, int cpu)
{
	return (const struct krun_slot *)(slots + cpu * info->slot_size);
}

static struct krun_plan plan_of_first_cpus(void)
{
	static const __u64 mask = (1 << CPUS) - 1;
	struct krun_plan plan = {
		.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES |
			    KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_EVENT(0),
		.cpus = (unsigned long)&mask,
		.cpus_size = sizeof(mask),
	};

	plan.events[0].config = 1; /* PERF_COUNT_HW_INSTRUCTIONS */
	return plan;
}

static bool is_sampled(const struct krun_slot *slot, int cpu, const struct krun_plan *plan)
{
	return slot->cpu == (__u32)cpu && slot->status == KRUN_STATUS_OK &&
	       slot->valid == plan->counters && slot->sample && slot->epoch && slot->aperf &&
	       slot->mperf && slot->cycles && slot->events[0] && slot->tsc;
}

static bool counts_on(const struct krun_slot *before, const struct krun_slot *after)
{
	return after->epoch == before->epoch && after->sample > before->sample &&
	       after->aperf > before->aperf && after->mperf > before->mperf &&
	       after->cycles > before->cycles && after->events[0] > before->events[0] &&
	       after->tsc > before->tsc;
}

static void test_samples(int fd, const char *slots, const struct krun_info *info)
{
	struct krun_plan plan = plan_of_first_cpus();
	struct krun_slot before[CPUS];
	bool sampled = true, counting = true;
	int cpu;

	test(!call(SYS_IOCTL, fd, KRUN_IOC_PLAN, (long)&plan, 0, 0, 0), "a plan is taken");
	sampled = call(SYS_IOCTL, fd, KRUN_IOC_SAMPLE, 0, 0, 0, 0) >= 0;
	for (cpu = 0; cpu < CPUS; cpu++) {
		before[cpu] = *slot_of(slots, info, cpu);
		sampled = sampled && is_sampled(&before[cpu], cpu, &plan);
	}
	test(sampled, "every planned CPU writes its slot");
	test(slot_of(slots, info, CPUS)->status == KRUN_STATUS_EMPTY &&
	     slot_of(slots, info, CPUS)->cpu == CPUS,
	     "others do not");
	counting = call(SYS_IOCTL, fd, KRUN_IOC_SAMPLE, KRUN_SAMPLE_RENDEZVOUS, 0, 0, 0) >= 0;
	for (cpu = 0; cpu < CPUS; cpu++)
		counting = counting && counts_on(&before[cpu], slot_of(slots, info, cpu));
	test(counting, "the next sample counts on");
}

static void test_seal(int fd)
{
	struct krun_plan plan = plan_of_first_cpus();

	test(!call(SYS_IOCTL, fd, KRUN_IOC_SEAL, 0, 0, 0, 0) &&
	     call(SYS_IOCTL, fd, KRUN_IOC_PLAN, (long)&plan, 0, 0, 0) == -EPERM,
	     "a sealed plan stays");
}

/* The stack is as the kernel leaves it, and nothing is above this frame. */
__attribute__((force_align_arg_pointer, noreturn)) void _start(void);
void _start(void)
{
	struct krun_info info = { 0 };
	long fd = call(SYS_OPEN, (long)"/dev/krun", O_RDWR, 0, 0, 0, 0);
	long slots = -1;

	print("TAP version 13\n1..8\n");
	test(fd >= 0, "the device opens");
	test(!call(SYS_IOCTL, fd, KRUN_IOC_INFO, (long)&info, 0, 0, 0) &&
	     info.version >= KRUN_VERSION && info.slot_size >= sizeof(struct krun_slot) &&
	     info.slot_size % 128 == 0 && info.cpus > CPUS && info.tsc_khz,
	     "it says what there is");
	slots = call(SYS_MMAP, 0, info.cpus * info.slot_size, PROT_READ, MAP_SHARED, fd, 0);
	test((unsigned long)slots < (unsigned long)MAP_FAILED_LOW, "its slots can be mapped");
	if (failed) {
		print("Bail out!\n");
	} else {
		test_samples(fd, (const char *)slots, &info);
		test_seal(fd);
	}
	call(SYS_EXIT, failed != 0, 0, 0, 0, 0, 0);
	for (;;)
		;
}
