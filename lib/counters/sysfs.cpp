// SPDX-License-Identifier: MIT
#include "sysfs.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace krunc
{

unsigned CpuSet::count() const
{
    unsigned cpus = 0;
    for (const std::uint64_t word : words)
        cpus += static_cast<unsigned>(__builtin_popcountll(word));
    return cpus;
}

unsigned CpuSet::end() const
{
    for (unsigned i = max_cpus / 64; i > 0; i--) {
        if (words[i - 1] != 0)
            return i * 64 - static_cast<unsigned>(__builtin_clzll(words[i - 1]));
    }
    return 0;
}

bool parse_cpu_list(const char *text, CpuSet &cpus)
{
    cpus = {};
    while (*text != '\0' && *text != '\n') {
        char *after = nullptr;
        if (*text < '0' || *text > '9')
            return false;
        const unsigned long first = std::strtoul(text, &after, 10);
        unsigned long last = first;
        if (*after == '-') {
            text = after + 1;
            if (*text < '0' || *text > '9')
                return false;
            last = std::strtoul(text, &after, 10);
        }
        if (first > last || last >= max_cpus)
            return false;
        for (unsigned long cpu = first; cpu <= last; cpu++)
            cpus.add(static_cast<unsigned>(cpu));
        text = *after == ',' ? after + 1 : after;
    }
    return true;
}

int read_text(const char *path, char *text, std::size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    std::size_t length = 0;
    ssize_t got = 0;
    do {
        got = read(fd, text + length, size - length);
        length += got > 0 ? static_cast<std::size_t>(got) : 0;
    } while (got > 0 && length < size);
    const int error = got < 0 ? -errno : length == size ? -EFBIG : 0;
    close(fd);
    text[error == 0 ? length : 0] = '\0';
    return error;
}

int read_sysfs(const char *root, char *text, std::size_t size, const char *format, ...)
{
    char path[256];
    const int of_root = std::snprintf(path, sizeof(path), "%s/", root);
    if (of_root < 0 || static_cast<std::size_t>(of_root) >= sizeof(path))
        return -ENAMETOOLONG;
    const std::size_t left = sizeof(path) - static_cast<std::size_t>(of_root);
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it does not see va_start()
    const int rest = std::vsnprintf(path + of_root, left, format, arguments);
    va_end(arguments);
    return rest >= 0 && static_cast<std::size_t>(rest) < left ? read_text(path, text, size) : -ENAMETOOLONG;
}

int read_cpu_list(const char *root, CpuSet &cpus, const char *file)
{
    char text[text_room];
    if (const int error = read_sysfs(root, text, sizeof(text), "%s", file))
        return error;
    return parse_cpu_list(text, cpus) ? 0 : -EINVAL;
}

bool is_online(const char *root, unsigned cpu)
{
    CpuSet online;
    return read_cpu_list(root, online, "devices/system/cpu/online") != 0 || online.has(cpu);
}

bool kernel_has_device(const char *root, const char *misc)
{
    char text[text_room];
    if (read_sysfs(root, text, sizeof(text), "class/misc/krun/dev") == 0)
        return true;
    return read_text(misc, text, sizeof(text)) == 0 && std::strstr(text, " krun\n") != nullptr;
}

bool is_shortage(int error) { return error == -EMFILE || error == -ENFILE || error == -ENOMEM; }

} // namespace krunc
