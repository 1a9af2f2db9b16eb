// SPDX-License-Identifier: MIT
// What a client of libkruntime does, mode by mode.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <vector>

// Statuses of a mode's process. The library's own failures end with EXIT_FAILURE.
constexpr int skipped = 77;
constexpr int wrong = 99;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition);                                       \
            std::exit(wrong);                                                                                          \
        }                                                                                                              \
    } while (false)

struct Mode {
    const char *name;
    void (*run)();
    bool initialised;
    const char *failure; // part of the message; null: it succeeds
};

// Those of the original's test program, and more.
extern const std::vector<Mode> modes;
// For a user who may not count.
extern const std::vector<Mode> modes_of_the_denied;

inline bool root() { return geteuid() == 0; }

// The highest that there is.
inline int last_cpu() { return static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)) - 1; }

void set_online(int cpu, bool online);
