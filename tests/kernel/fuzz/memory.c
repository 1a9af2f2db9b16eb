// SPDX-License-Identifier: GPL-2.0-only
/* Pointers that a system call must not trust: to memory that comes and goes. */
#include <sys/mman.h>
#include "fuzz.h"

#define PAGE 4096ul
#define PAGES 16ul

/* Far from where the kernel puts mappings: nobody else's may get into a hole. */
static char *const area = (char *)0x10000000;

bool memory_setup(void)
{
	return mmap(area, PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		    0) == area;
}

/* Its pages are mapped, read-only, without access, or gone, at any time. */
static char *somewhere(struct random *random)
{
	char *page = area + PAGE * random_below(random, PAGES);

	/* Often across or just at a page's end, often unaligned. */
	switch (random_below(random, 4)) {
	case 0:
		return page;
	case 1:
		return page + PAGE - 8 * random_below(random, 16);
	case 2:
		return page + random_below(random, PAGE);
	default:
		return page + 8 * random_below(random, PAGE / 8);
	}
}

void *random_memory(struct random *random, size_t size)
{
	static const uintptr_t bad[] = { 0, 1, 0x1000, 0x7ffffffff000,
					 0x800000000000, 0xffff888000000000,
					 0xffffffff81000000, UINTPTR_MAX };

	if (one_in(random, 3))
		return writable_memory(random, size);
	if (one_in(random, 4))
		return (void *)bad[random_below(random, 8)];
	return somewhere(random);
}

/* The thread's own, so that most calls get beyond their arguments. */
void *writable_memory(struct random *random, size_t size)
{
	static __thread char own[8 * PAGE] __attribute__((aligned(4096)));
	size_t limit = sizeof(own) - (size < sizeof(own) ? size : 0);

	return own + 8 * random_below(random, limit / 8 + 1);
}

void change_memory(struct random *random)
{
	static const int protections[] = { PROT_NONE, PROT_READ,
					   PROT_READ | PROT_WRITE };
	char *page = area + PAGE * random_below(random, PAGES);
	size_t size = PAGE * (1 + random_below(random, 3));
	int protection = protections[random_below(random, 3)];

	if (page + size > area + PAGES * PAGE)
		size = PAGE;
	if (one_in(random, 3))
		munmap(page, size);
	else if (one_in(random, 2))
		mprotect(page, size, protection);
	else
		mmap(page, size, protection,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
