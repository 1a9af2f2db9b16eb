/* SPDX-License-Identifier: GPL-2.0-only */
/* Output in the Test Anything Protocol, version 13. */

#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>

struct tap {
	bool failed;
	char skip[160];		/* the reason; empty: not skipped */
};

struct tap_test {
	const char *name;	/* says what the test proves */
	void (*run)(struct tap *t);
};

/* A line for the reader, whatever the outcome. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails the test unless the condition holds; returns the condition. */
bool tap_check(struct tap *t, bool condition, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Only for what has been probed and cannot exist here. */
void tap_skip(struct tap *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Runs them all and returns the number of failures. */
int tap_run(const struct tap_test *tests, size_t count);

#endif
