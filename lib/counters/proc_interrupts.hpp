// SPDX-License-Identifier: MIT
// Interrupts by kind from /proc/interrupts, where the way to read does not count them.
#pragma once

#include "session.hpp"

namespace krunc
{

struct ProcInterrupts; // an open file and room for its text

int open_interrupts(const Machine &machine, ProcInterrupts *&interrupts); // 0 or -errno
void close_interrupts(ProcInterrupts *interrupts);

// Into the readings' members irq_* and own; `cpus` are those of the readings. 0 or -errno.
int read_interrupts(krunc_session &session, const std::uint32_t *cpus, krunc_sample &sample);

// Adds a line of /proc/interrupts to `irqs`, which has one element for each column. The first line, which names the
// columns, fills `columns` with the CPUs' numbers.
struct Irqs {
    std::uint32_t timer, reschedule, call, device, nmi, other;
};
unsigned parse_columns(const char *line, std::uint32_t *columns, unsigned room);
void add_line(const char *line, Irqs *irqs, unsigned columns);

} // namespace krunc
