// SPDX-License-Identifier: GPL-2.0-only

#include "tap.h"

#include <stdarg.h>
#include <stdio.h>

static void print_note(const char *format, va_list ap)
{
	printf("# ");
	vprintf(format, ap);
	printf("\n");
}

void tap_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_note(format, ap);
	va_end(ap);
}

bool tap_check(struct tap *t, bool condition, const char *format, ...)
{
	va_list ap;

	if (!condition) {
		t->failed = true;
		va_start(ap, format);
		print_note(format, ap);
		va_end(ap);
	}
	return condition;
}

void tap_skip(struct tap *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->skip, sizeof(t->skip), format, ap);
	va_end(ap);
}

int tap_run(const struct tap_test *tests, size_t count)
{
	int failures = 0;

	/* The guest may die at any time: what has been said must be out. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		struct tap t = { 0 };

		tests[i].run(&t);
		if (t.failed)
			failures++;
		printf("%sok %zu - %s", t.failed ? "not " : "", i + 1,
		       tests[i].name);
		if (!t.failed && t.skip[0])
			printf(" # SKIP %s", t.skip);
		printf("\n");
	}
	return failures;
}
