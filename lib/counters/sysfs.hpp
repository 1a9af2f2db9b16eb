// SPDX-License-Identifier: MIT
// Small text files of the kernel. Where sysfs is comes from the caller, so that tests can make one up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace krunc
{

constexpr unsigned max_cpus = 8192; // NR_CPUS at most

struct CpuSet {
    std::uint64_t words[max_cpus / 64];

    void add(unsigned cpu) { words[cpu / 64] |= std::uint64_t{1} << (cpu % 64); }
    bool has(unsigned cpu) const { return cpu < max_cpus && (words[cpu / 64] >> (cpu % 64) & 1) != 0; }
    unsigned count() const;
    unsigned end() const; // one more than the highest
};

// A list of CPUs as sysfs writes it, as in 0,2-5. False if it is something else.
bool parse_cpu_list(const char *text, CpuSet &cpus);

// A file of sysfs has a page of text at most.
constexpr std::size_t text_room = 4097;

// A file's content as a string: 0, -errno, or -EFBIG if it does not fit.
int read_text(const char *path, char *text, std::size_t size);

// The same of a file below `root`, a sysfs; `format` makes the rest of the path.
__attribute__((format(printf, 4, 5))) int read_sysfs(const char *root, char *text, std::size_t size, const char *format,
                                                     ...);
int read_cpu_list(const char *root, CpuSet &cpus, const char *file); // -EINVAL: it is no list

// As sysfs says; yes without a sysfs that says it.
bool is_online(const char *root, unsigned cpu);

// Whether this kernel has /dev/krun, even where the file is missing. `misc` is /proc/misc.
bool kernel_has_device(const char *root, const char *misc);

// An error that is no property of what was tried: whatever is tried next will meet it as well.
bool is_shortage(int error);

} // namespace krunc
