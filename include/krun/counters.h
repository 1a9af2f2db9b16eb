/* SPDX-License-Identifier: MIT */
/*
 * libkruncounters: counters around a stretch of time, and whether it was disturbed.
 *
 * Open a session, sample at both ends of what you measure, take the difference, have it judged:
 *
 *	struct krunc_session *session;
 *	int error = krunc_open(NULL, &session);		// 0 or -errno
 *	...
 *	krunc_sample_begin(session, before, size);
 *	work();
 *	krunc_sample_end(session, after, size);
 *	krunc_difference(&facts, before, after, index, 0, &delta);
 *	krunc_judge(&facts, &delta, NULL, &verdict);
 *
 * A session opens on every x86-64 machine, in the best way that there is: krunc_get_facts() says which, and why not in a
 * better one. A value that is missing has no bit in `valid`; it is never 0, and nothing is ever scaled. The library prints
 * nothing, never exits, and sets no errno. See libkruncounters(3).
 *
 * Structures with a member `size`, which tells how much of them the caller knows, may grow at their end. The others keep
 * their sizes, and may only use what is reserved in them: a later version gives members of the library's own structures
 * (krunc_cpu, krunc_cost, krunc_thread_counter) and of samples names, and they are 0 in this one.
 */
#ifndef KRUN_COUNTERS_H
#define KRUN_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KRUNC_EXPORT __attribute__((visibility("default")))
#else
#define KRUNC_EXPORT
#endif

struct krunc_session;

/* Counters, a bit each. Bits 0 to 19 are those of /dev/krun (krun/uapi.h). */
#define KRUNC_APERF		(1u << 0)  /* IA32_APERF: counts at the actual frequency, in C0 only */
#define KRUNC_MPERF		(1u << 1)  /* IA32_MPERF: counts at the TSC's frequency, in C0 only */
#define KRUNC_CYCLES		(1u << 2)  /* core cycles, not halted */
#define KRUNC_INSTRUCTIONS	(1u << 3)  /* instructions retired */
#define KRUNC_SMI		(1u << 5)  /* system-management interrupts; Intel only */
#define KRUNC_INTERRUPTS	(1u << 6)  /* interrupts by kind */
#define KRUNC_SWITCHES		(1u << 7)  /* context switches of the CPU */
#define KRUNC_THERMAL		(1u << 8)  /* IA32_THERM_STATUS, bits 31:0; Intel only */
#define KRUNC_PACKAGE_THERMAL	(1u << 9)  /* IA32_PACKAGE_THERM_STATUS, bits 31:0; Intel only */
#define KRUNC_EVENT(n)		(1u << (16 + (n))) /* krunc_options.events[n], n from 0 to 3 */
#define KRUNC_CLOCK		(1u << 24) /* CLOCK_MONOTONIC_RAW, of the whole sample */
#define KRUNC_THREAD_SWITCHES	(1u << 25) /* context switches of the calling thread, of the whole sample */
#define KRUNC_EVENTS		4

/* Ways to read them, best first. */
enum krunc_way {
	KRUNC_WAY_DEVICE, /* /dev/krun: one kernel entry for any number of CPUs */
	KRUNC_WAY_CALLS,  /* the system calls of the first Krun kernel */
	KRUNC_WAY_PERF,	  /* perf events: RDPMC and RDPRU for the calling thread, otherwise a read(2) a CPU */
	KRUNC_WAY_MSR,	  /* /dev/cpu/N/msr: a pread(2) a counter and CPU */
	KRUNC_WAY_TSC,	  /* the time stamp counter and the clock alone */
	KRUNC_WAYS,
};

enum krunc_scope {
	KRUNC_SCOPE_CPUS,   /* a reading for each CPU of a set */
	KRUNC_SCOPE_THREAD, /* one reading: of the calling thread (perf), or of the CPU that it runs on (other ways) */
};

/* krunc_options.flags; the first three are those of /dev/krun, and errors (EOPNOTSUPP) elsewhere. */
#define KRUNC_RENDEZVOUS	(1u << 1) /* CPUs start to read at a common time stamp */
#define KRUNC_SKIP_NOHZ_FULL	(1u << 2) /* do not interrupt adaptive-tick CPUs */
#define KRUNC_IDLE_SNAPSHOT	(1u << 3) /* do not wake idle CPUs */
#define KRUNC_PROC_INTERRUPTS	(1u << 8) /* where the way does not count interrupts, from /proc/interrupts: slow */
#define KRUNC_NO_CALIBRATION	(1u << 9) /* do not measure at open what a reading costs */

struct krunc_event {
	uint32_t type; /* as in struct perf_event_attr; of the PMU that counts core cycles */
	uint32_t reserved;
	uint64_t config;
};

/* What krunc_open() takes. Zeroed but for `size`, it is what NULL means: every online CPU, all that can be counted. */
struct krunc_options {
	uint32_t size;	   /* sizeof(struct krunc_options) */
	uint32_t scope;	   /* enum krunc_scope */
	uint32_t ways;	   /* 1 << enum krunc_way for those that may be used; 0: any */
	uint32_t counters; /* those that are wanted; 0: all, without KRUNC_EVENT() */
	uint32_t required; /* a way that lacks one of these is not used */
	uint32_t flags;
	const void *cpus; /* CPU mask as in sched_setaffinity(2); NULL: every online CPU */
	size_t cpus_size; /* in bytes */
	struct krunc_event events[KRUNC_EVENTS]; /* for KRUNC_EVENT(n) in `counters` */
	double max_ratio; /* highest frequency / TSC's frequency, for bounds of errors; 0: ask the machine */
};

#define KRUNC_FEATURE_VIRTUAL		(1u << 0) /* in a virtual machine, CPUID.01H:ECX[31] */
#define KRUNC_FEATURE_TSC_INVARIANT	(1u << 1) /* CPUID.80000007H:EDX[8] */
#define KRUNC_FEATURE_TSC_STABLE	(1u << 2) /* the kernel trusts the TSCs to agree (/dev/krun) */
#define KRUNC_FEATURE_MODULE		(1u << 3) /* /dev/krun is a module's */
#define KRUNC_FEATURE_NO_GUEST		(1u << 4) /* cycles and instructions lack the time of virtual machines */
#define KRUNC_FEATURE_USER_ONLY		(1u << 5) /* perf was not allowed to count in the kernel */
#define KRUNC_FEATURE_RDPMC		(1u << 6) /* the thread's counters are read without a system call */
#define KRUNC_FEATURE_RDPRU		(1u << 7) /* so are APERF and MPERF; they are the CPU's, not the thread's */

enum krunc_tsc_source { /* of the TSC's frequency */
	KRUNC_TSC_UNKNOWN,
	KRUNC_TSC_KERNEL,     /* /dev/krun, or the kernel's conversion for perf */
	KRUNC_TSC_CPUID,      /* CPUID.15H */
	KRUNC_TSC_CALIBRATED, /* against CLOCK_MONOTONIC_RAW, at open */
};

struct krunc_cpu {
	uint32_t flags;	 /* KRUNC_CPU_* */
	int32_t sibling; /* the next CPU of the same core, or -1 */
	uint32_t reserved[2];
};

#define KRUNC_CPU_NOHZ_FULL (1u << 0) /* an adaptive-tick CPU */

/* What a pair of samples with nothing between them counts, on the caller's CPU. `valid` in `least` and `median`. */
struct krunc_cost {
	uint32_t valid;
	uint32_t pairs; /* measured; 0: none */
	uint64_t ticks; /* of the TSC */
	uint64_t aperf;
	uint64_t mperf;
	uint64_t cycles;
	uint64_t instructions;
	uint64_t reserved[4];
};

struct krunc_facts {
	uint32_t size; /* set by the caller */
	uint32_t way;  /* the one in use */
	uint32_t scope;
	uint32_t counters;	/* that samples have; a CPU may have fewer, see krunc_reading.valid */
	uint32_t wanted;	/* those that were asked for */
	uint32_t flags;		/* of krunc_options */
	uint32_t features;	/* KRUNC_FEATURE_* */
	uint32_t counter_bits;	/* width in bits of the hardware's counters of cycles; 0: not known */
	uint32_t readings;	/* in a sample */
	uint32_t possible_cpus; /* length of `cpu` */
	size_t sample_size;	/* in bytes */
	uint64_t tsc_hz;	/* 0: not known */
	uint32_t tsc_source;	/* enum krunc_tsc_source */
	uint32_t tick_hz;	/* the kernel's HZ; 0: not known */
	double max_ratio;	/* see krunc_options; 0: not known */
	const struct krunc_cpu *cpu; /* by CPU number; valid until krunc_close() */
	int32_t way_errors[8];	/* by enum krunc_way: -errno why it cannot be used; 0: it can, or was not tried */
	int32_t counter_errors[32]; /* by bit: -errno why a wanted counter is missing, or 0 */
	struct krunc_cost least; /* of all pairs */
	struct krunc_cost median;
};

enum krunc_status { /* those of enum krun_status in krun/uapi.h */
	KRUNC_EMPTY,
	KRUNC_OK,
	KRUNC_IDLE, /* read when the CPU entered idle, where it still is */
	KRUNC_OFFLINE,
	KRUNC_UNSUPPORTED,
	KRUNC_BUSY, /* no hardware counter was left */
	KRUNC_SKIPPED,
	KRUNC_SHIELDED,
};

#define KRUNC_READING_LATE	(1u << 0)  /* was not on time at the rendezvous */
#define KRUNC_READING_THREAD	(1u << 14) /* cycles, instructions and events follow the thread */
#define KRUNC_READING_RDPRU	(1u << 15) /* APERF and MPERF are the CPU's, although the others follow the thread */

/* One CPU. The layout of struct krun_slot, see there for the members. */
struct krunc_reading {
	uint32_t sequence; /* odd, or another than sequence_after: torn, for two threads used the session at once */
	uint32_t cpu;
	uint16_t status; /* enum krunc_status */
	uint16_t flags;	 /* KRUNC_READING_* */
	uint32_t valid;	 /* KRUNC_* that hold values; do not read others */
	uint32_t sample; /* number of the sample in this session; 0: has none */
	uint32_t epoch;	 /* changes whenever a counter does not count on */
	uint32_t span;	 /* TSC ticks from `tsc` to the last counter's reading */
	uint32_t sequence_after;
	uint64_t tsc; /* before the first counter was read */
	uint64_t aperf;
	uint64_t mperf;
	uint64_t cycles;
	uint64_t instructions;
	uint32_t smi;
	uint32_t switches;
	uint32_t irq_timer;
	uint32_t irq_reschedule;
	uint32_t irq_call;
	uint32_t irq_device;
	uint32_t irq_nmi;
	uint32_t irq_other;
	uint32_t thermal;
	uint32_t package_thermal;
	uint32_t own; /* Krun's interrupts; they are in irq_call as well */
	uint32_t reserved1[3];
	uint64_t events[KRUNC_EVENTS];
	uint64_t running; /* ns for which perf has counted; 0: another way */
	uint64_t reserved2[11];
};

#define KRUNC_NO_CPU 0xffffffffu

/* Header of a sample; krunc_facts.readings times struct krunc_reading follow. The caller owns the memory, 8-aligned. */
struct krunc_sample {
	uint32_t readings;
	uint32_t valid; /* KRUNC_CLOCK, KRUNC_THREAD_SWITCHES */
	uint32_t cpu;	/* that the caller ran on; KRUNC_NO_CPU: what is measured is another thread */
	uint32_t reserved;
	uint64_t edge;	/* TSC where what is measured begins or ends: at the return, or at the call */
	uint64_t clock; /* ns */
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t suspended; /* KRUNC_CLOCK: ns for which the machine has been suspended since it booted */
	uint64_t reserved2[1];
};

static inline struct krunc_reading *krunc_reading_at(struct krunc_sample *sample, uint32_t index)
{
	return (struct krunc_reading *)(void *)(sample + 1) + index;
}

static inline const struct krunc_reading *krunc_const_reading_at(const struct krunc_sample *sample, uint32_t index)
{
	return (const struct krunc_reading *)(const void *)(sample + 1) + index;
}

/* What is true of a stretch of time; in `unknown`, what could not be told. In neither: it is not so. */
#define KRUNC_Q_IDLE	    (1u << 0)  /* an end was read when the CPU entered idle */
#define KRUNC_Q_LATE	    (1u << 1)  /* an end missed its rendezvous */
#define KRUNC_Q_TORN	    (1u << 2)  /* two threads used the session at once */
#define KRUNC_Q_OFFLINE	    (1u << 3)
#define KRUNC_Q_MIGRATED    (1u << 4)  /* the caller ran on another CPU in between */
#define KRUNC_Q_EPOCH	    (1u << 5)  /* a counter did not count on: offline, suspend, or perf took it */
#define KRUNC_Q_SMI	    (1u << 6)
#define KRUNC_Q_THROTTLED   (1u << 7)
#define KRUNC_Q_INTERRUPTED (1u << 8)  /* other than by our own samples */
#define KRUNC_Q_SWITCHED    (1u << 9)
#define KRUNC_Q_VIRTUAL	    (1u << 10) /* in a virtual machine, whose host may stop it at any time */
#define KRUNC_Q_SIBLING	    (1u << 11) /* another CPU of the same core was not idle */
#define KRUNC_Q_MISSING	    (1u << 12) /* an end has no reading: busy, skipped, shielded, unsupported, empty */
#define KRUNC_Q_SUSPENDED   (1u << 13) /* the machine was, in between */

#define KRUNC_D_TIME	    (1u << 0) /* seconds */
#define KRUNC_D_RATIO	    (1u << 1) /* ratio, ratio_error */
#define KRUNC_D_FREQUENCY   (1u << 2) /* frequency */
#define KRUNC_D_BUSY	    (1u << 3) /* busy */
#define KRUNC_D_MPERF_ERROR (1u << 4) /* mperf_error */
#define KRUNC_D_CYCLES_ERROR (1u << 5) /* cycles_error, also of APERF */
#define KRUNC_D_INSTRUCTIONS_ERROR (1u << 6) /* instructions_error */

/* The difference of two readings of a CPU. */
struct krunc_delta {
	uint32_t size; /* set by the caller */
	uint32_t cpu;
	uint32_t status;  /* enum krunc_status: OK if both are */
	uint32_t valid;	  /* KRUNC_*: the differences that there are */
	uint32_t derived; /* KRUNC_D_*: the same for what follows from them */
	uint32_t quality; /* KRUNC_Q_* */
	uint32_t unknown; /* KRUNC_Q_* */
	uint32_t throttle; /* status and log bits, of IA32_THERM_STATUS, that say so */
	uint64_t ticks;	   /* of the TSC, between the readings */
	uint64_t ticks_least; /* between the counters' reading at one end and at the other */
	uint64_t ticks_most;
	uint64_t aperf;
	uint64_t mperf;
	uint64_t cycles;
	uint64_t instructions;
	uint64_t events[KRUNC_EVENTS];
	uint64_t clock;	      /* ns */
	uint64_t voluntary;   /* KRUNC_THREAD_SWITCHES */
	uint64_t involuntary;
	uint64_t mperf_error; /* at most so far from what was counted between the samples' edges */
	uint64_t cycles_error;
	uint64_t instructions_error;
	uint32_t smi;
	uint32_t switches;
	uint32_t irq_timer;
	uint32_t irq_reschedule;
	uint32_t irq_call; /* without `own`; with the module, those alone that came without a sample */
	uint32_t irq_device;
	uint32_t irq_nmi;
	uint32_t irq_other;
	uint32_t own;		    /* Krun's interrupts */
	uint32_t sampled_by_others; /* of these, at least so many were for other files */
	double seconds;
	double ratio; /* APERF / MPERF */
	double ratio_error;
	double frequency; /* Hz, while not halted */
	double busy;	  /* share of the time that was not halted */
};

#define KRUNC_SUBTRACT_COST (1u << 0) /* take krunc_facts.least off, on the CPU that the caller ran on */

enum krunc_verdict_kind {
	KRUNC_CLEAN,
	KRUNC_TICKING,	 /* by nothing but a timer tick */
	KRUNC_DISTURBED,
	KRUNC_UNUSABLE,	 /* the counters did not count through */
	KRUNC_UNDECIDED, /* nothing was found, but interrupts or switches could not be seen */
};

enum krunc_cause {
	KRUNC_CAUSE_EPOCH,
	KRUNC_CAUSE_OFFLINE,
	KRUNC_CAUSE_TORN,
	KRUNC_CAUSE_MISSING,
	KRUNC_CAUSE_SMI,
	KRUNC_CAUSE_THROTTLED,
	KRUNC_CAUSE_INVOLUNTARY, /* context switches away from the thread that wanted to run */
	KRUNC_CAUSE_SWITCHES,	 /* of the CPU, when it is not known why */
	KRUNC_CAUSE_TIMER,
	KRUNC_CAUSE_RESCHEDULE,
	KRUNC_CAUSE_CALL,
	KRUNC_CAUSE_DEVICE,
	KRUNC_CAUSE_NMI,
	KRUNC_CAUSE_OTHER,
	KRUNC_CAUSE_SAMPLED,  /* by others, through /dev/krun */
	KRUNC_CAUSE_MIGRATED, /* although the verdict is for a CPU */
	KRUNC_CAUSE_SLEPT,    /* voluntarily: no disturbance */
	KRUNC_CAUSE_SUSPENDED, /* the machine */
	KRUNC_CAUSES,
};

/* krunc_criteria.flags: without the flag, 0 in a member stands for its default. */
#define KRUNC_SET_INTERRUPT_SECONDS (1u << 0) /* take interrupt_seconds as it is, also 0: interrupts cost nothing */
#define KRUNC_SET_SHARE		    (1u << 1) /* take share as it is, also 0: no interrupt is allowed */

struct krunc_criteria {
	uint32_t size;
	uint32_t flags;		  /* KRUNC_SET_* */
	double interrupt_seconds; /* what an interrupt is taken to cost; default: 10e-6 */
	double share;		  /* of the time that interrupts may take; default: 0.001 */
};

struct krunc_verdict {
	uint32_t size;	  /* set by the caller */
	uint32_t kind;	  /* enum krunc_verdict_kind */
	uint32_t cpu;
	uint32_t causes;  /* 1 << enum krunc_cause: what the verdict rests on */
	uint32_t notes;	  /* the same: seen, but within the criteria */
	uint32_t unknown; /* KRUNC_Q_*, from the difference */
	uint64_t counts[32]; /* by enum krunc_cause */
};

KRUNC_EXPORT int krunc_open(const struct krunc_options *options, struct krunc_session **session);
KRUNC_EXPORT void krunc_close(struct krunc_session *session);
KRUNC_EXPORT int krunc_get_facts(const struct krunc_session *session, struct krunc_facts *facts);

KRUNC_EXPORT int krunc_sample_begin(struct krunc_session *session, struct krunc_sample *sample, size_t size);
KRUNC_EXPORT int krunc_sample_end(struct krunc_session *session, struct krunc_sample *sample, size_t size);
KRUNC_EXPORT int krunc_read(struct krunc_session *session, uint32_t counter, uint64_t *value);

/*
 * For those to whom an instruction matters. Samplers are what krunc_sample_begin() and krunc_sample_end() call after they
 * have looked at their arguments; a thread's counter is for krunc_read_in_place(), in krun/thread_counter.h.
 */
typedef int (*krunc_sampler)(struct krunc_session *session, struct krunc_sample *sample);

struct krunc_thread_counter {
	const void *page; /* that the kernel maps for the event; valid until krunc_close() */
	uint32_t counter;
	uint32_t unused_bits; /* of 64, that the hardware's counter lacks */
	uint64_t reserved[2];
};

KRUNC_EXPORT int krunc_get_samplers(const struct krunc_session *session, krunc_sampler *begin, krunc_sampler *end);
KRUNC_EXPORT int krunc_get_thread_counter(const struct krunc_session *session, uint32_t counter,
					  struct krunc_thread_counter *found);

KRUNC_EXPORT int krunc_difference(const struct krunc_facts *facts, const struct krunc_sample *before,
				  const struct krunc_sample *after, uint32_t index, uint32_t flags,
				  struct krunc_delta *delta);
KRUNC_EXPORT int krunc_judge(const struct krunc_facts *facts, const struct krunc_delta *delta,
			     const struct krunc_criteria *criteria, struct krunc_verdict *verdict);

/* Names and texts, in English; "?" for a number that has none. The strings are the library's. */
KRUNC_EXPORT const char *krunc_version(void);
KRUNC_EXPORT const char *krunc_way_name(uint32_t way);
KRUNC_EXPORT const char *krunc_way_reason(uint32_t way, int error);
KRUNC_EXPORT const char *krunc_way_remedy(uint32_t way, int error);
KRUNC_EXPORT const char *krunc_counter_name(uint32_t counter);
KRUNC_EXPORT const char *krunc_status_name(uint32_t status);
KRUNC_EXPORT const char *krunc_quality_name(uint32_t quality);
KRUNC_EXPORT const char *krunc_verdict_name(uint32_t kind);
KRUNC_EXPORT const char *krunc_cause_name(uint32_t cause);
KRUNC_EXPORT const char *krunc_cause_remedy(uint32_t cause);

#ifdef __cplusplus
}
#endif

#endif /* KRUN_COUNTERS_H */
