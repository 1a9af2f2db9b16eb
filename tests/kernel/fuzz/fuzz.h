/* SPDX-License-Identifier: GPL-2.0-only */
/* A fuzzer of the Krun system calls: what its files share. */
#ifndef _KRUN_FUZZ_H
#define _KRUN_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stream of random numbers; the same seed gives the same stream. */
struct random {
	uint64_t state;
};

static inline uint64_t random_u64(struct random *random)
{
	/* splitmix64 */
	uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline unsigned int random_below(struct random *random,
					unsigned int limit)
{
	return random_u64(random) % limit;
}

static inline bool one_in(struct random *random, unsigned int n)
{
	return !random_below(random, n);
}

enum call {
	CALL_OPEN,
	CALL_CLOSE,
	CALL_DUP,
	CALL_PLAN,
	CALL_INFO,
	CALL_SAMPLE,
	CALL_IOC_SAMPLE,
	CALL_SEAL,
	CALL_OTHER_IOCTL,
	CALL_MAP,
	CALL_UNMAP,
	CALL_READ_SLOTS,
	CALL_CONFIGURE,
	CALL_RESET,
	CALL_READ_MSRS,
	CALLS
};

extern const char *const call_names[CALLS];

/* How many calls returned without and with an error. */
struct counts {
	uint64_t good[CALLS];
	uint64_t bad[CALLS];
};

/* memory.c */
bool memory_setup(void);
void *random_memory(struct random *random, size_t size);
void *writable_memory(struct random *random, size_t size);
void change_memory(struct random *random);

/* faults.c */
bool faults_setup(void);
void faults_begin(struct random *random);
void faults_end(void);

/* calls.c */
void make_random_call(struct random *random, struct counts *counts);
bool ordinary_use_works(void);

/* disturb.c */
void disturb_machine(struct random *random);
void disturb_threads(struct random *random);

#endif /* _KRUN_FUZZ_H */
