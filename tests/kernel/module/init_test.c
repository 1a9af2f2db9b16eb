// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the module, each time with another allocation that fails, until none does:
 * init_test MODULE
 *
 * A load that fails leaves nothing behind, and the next one works. Needs a kernel
 * that can make allocations fail. Prints TAP.
 */
#include "loading.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define MOST_ALLOCATIONS 20000
/* Those of the kernel's loader are many, and not ours. */
#define OURS_AT_LEAST 3

static int fail_nth(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	return write_text("/proc/thread-self/fail-nth", text);
}

/* Whether the allocation has come; there is none to fail any more afterwards. */
static bool has_failed(void)
{
	bool failed = !read_number("/proc/thread-self/fail-nth");

	fail_nth(0);
	return failed;
}

int main(int argc, char **argv)
{
	int nth, error, refused = 0, without = 0, dirty = 0, stuck = 0;
	bool failed = true;

	if (argc != 2) {
		fprintf(stderr, "usage: init_test MODULE\n");
		return 2;
	}
	printf("TAP version 13\n1..4\n");
	if (write_text(FAILSLAB "ignore-gfp-wait", "N") || write_text(FAILSLAB "verbose", "0")) {
		printf("ok 1 # SKIP kernel without CONFIG_FAILSLAB and debugfs\n");
		return 0;
	}
	for (nth = 1; failed && nth < MOST_ALLOCATIONS; nth++) {
		fail_nth(nth);
		error = load_module(argv[1]);
		failed = has_failed();
		if (error) {
			refused++;
			dirty += !nothing_is_left();
			continue;
		}
		without += failed;
		stuck += !!unload_module();
		dirty += !nothing_is_left();
	}
	printf("# of %d failing allocations %d refused the module, it did without %d\n", nth - 2, refused, without);
	printf("%sok 1 failing allocations refuse the module\n", refused >= OURS_AT_LEAST ? "" : "not ");
	printf("%sok 2 nothing is left of a module that was refused or unloaded\n", dirty ? "not " : "");
	printf("%sok 3 a module that could do without is unloaded\n", stuck ? "not " : "");
	printf("%sok 4 without a failure it loads\n", failed ? "not " : "");
	return refused < OURS_AT_LEAST || dirty || stuck || failed;
}
