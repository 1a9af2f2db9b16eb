/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs share that load the module. Included first, since the header of the selftests defines _GNU_SOURCE. */
#ifndef KRUN_LOADING_H
#define KRUN_LOADING_H

#include "krun_selftest.h"

/* 0, or an errno. */
static inline int load_module(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? errno : 0;

	close(fd);
	return error;
}

static inline int unload_module(void)
{
	return syscall(SYS_delete_module, "krun", O_NONBLOCK) ? errno : 0;
}

static inline bool file_contains(const char *path, const char *text)
{
	char line[512];
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		found = found || strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

static inline bool nothing_is_left(void)
{
	return !file_contains("/proc/modules", "krun ") &&
	       !file_contains("/sys/devices/system/cpu/hotplug/states", "krun") &&
	       access("/dev/krun", F_OK) && access("/sys/class/misc/krun", F_OK) &&
	       access("/sys/bus/platform/drivers/krun", F_OK) &&
	       access("/sys/devices/platform/krun", F_OK);
}

#endif /* KRUN_LOADING_H */
