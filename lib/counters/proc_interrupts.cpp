// SPDX-License-Identifier: MIT
// The kinds are those of /dev/krun (arch/x86/kernel/irq.c names the rows).
#include "proc_interrupts.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace krunc
{

struct ProcInterrupts {
    int fd;
    char *text;
    std::size_t room;
    std::uint32_t *columns; // CPU of each
    Irqs *irqs;             // of each column
    unsigned max_columns;
};

namespace
{

const char *skip_blanks(const char *text)
{
    while (*text == ' ')
        text++;
    return text;
}

// Rows that count nothing that interrupts, or what another row counts as well: TLB is part of CAL, PMI of NMI; MCP are
// polls of a timer.
bool is_counted_elsewhere(const char *name)
{
    return std::strncmp(name, "TLB:", 4) == 0 || std::strncmp(name, "PMI:", 4) == 0 ||
           std::strncmp(name, "MCP:", 4) == 0 || std::strncmp(name, "ERR:", 4) == 0 ||
           std::strncmp(name, "MIS:", 4) == 0;
}

std::uint32_t Irqs::*kind_of(const char *name)
{
    if (*name >= '0' && *name <= '9')
        return &Irqs::device;
    if (std::strncmp(name, "LOC:", 4) == 0)
        return &Irqs::timer;
    if (std::strncmp(name, "RES:", 4) == 0)
        return &Irqs::reschedule;
    if (std::strncmp(name, "CAL:", 4) == 0)
        return &Irqs::call;
    if (std::strncmp(name, "NMI:", 4) == 0)
        return &Irqs::nmi;
    return &Irqs::other;
}

// The whole file; a read(2) gives a page of it at most.
int read_all(ProcInterrupts &interrupts)
{
    std::size_t length = 0;
    for (;;) {
        if (interrupts.room - length < 4096 + 1) {
            void *more = std::realloc(interrupts.text, interrupts.room * 2);
            if (more == nullptr)
                return -ENOMEM;
            interrupts.text = static_cast<char *>(more);
            interrupts.room *= 2;
        }
        const ssize_t got =
            pread(interrupts.fd, interrupts.text + length, interrupts.room - length - 1, static_cast<off_t>(length));
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        length += static_cast<std::size_t>(got);
    }
    interrupts.text[length] = '\0';
    return 0;
}

void give(krunc_reading &reading, const Irqs &irqs, std::uint32_t own)
{
    reading.irq_timer = irqs.timer;
    reading.irq_reschedule = irqs.reschedule;
    reading.irq_call = irqs.call;
    reading.irq_device = irqs.device;
    reading.irq_nmi = irqs.nmi;
    reading.irq_other = irqs.other;
    reading.own = own;
}

} // namespace

unsigned parse_columns(const char *line, std::uint32_t *columns, unsigned room)
{
    unsigned found = 0;
    for (line = skip_blanks(line); std::strncmp(line, "CPU", 3) == 0 && found < room; line = skip_blanks(line)) {
        char *after = nullptr;
        columns[found++] = static_cast<std::uint32_t>(std::strtoul(line + 3, &after, 10));
        line = after;
    }
    return found;
}

void add_line(const char *line, Irqs *irqs, unsigned columns)
{
    const char *name = skip_blanks(line);
    const char *colon = std::strchr(name, ':');
    if (colon == nullptr || is_counted_elsewhere(name))
        return;
    std::uint32_t Irqs::*kind = kind_of(name);
    const char *next = skip_blanks(colon + 1);
    for (unsigned i = 0; i < columns && *next >= '0' && *next <= '9'; i++, next = skip_blanks(next)) {
        char *after = nullptr;
        irqs[i].*kind += static_cast<std::uint32_t>(std::strtoul(next, &after, 10));
        next = after;
    }
}

int open_interrupts(const Machine &machine, ProcInterrupts *&interrupts)
{
    interrupts = static_cast<ProcInterrupts *>(std::calloc(1, sizeof(ProcInterrupts)));
    if (interrupts == nullptr)
        return -ENOMEM;
    interrupts->fd = open("/proc/interrupts", O_RDONLY | O_CLOEXEC);
    if (interrupts->fd < 0)
        return -errno;
    interrupts->room = std::size_t{64} * 1024;
    interrupts->max_columns = machine.possible.end();
    interrupts->text = static_cast<char *>(std::malloc(interrupts->room));
    interrupts->columns = static_cast<std::uint32_t *>(std::calloc(interrupts->max_columns, sizeof(std::uint32_t)));
    interrupts->irqs = static_cast<Irqs *>(std::calloc(interrupts->max_columns, sizeof(Irqs)));
    if (interrupts->text == nullptr || interrupts->columns == nullptr || interrupts->irqs == nullptr)
        return -ENOMEM;
    if (const int error = read_all(*interrupts)) // finds out how much room the text needs
        return error;
    return parse_columns(interrupts->text, interrupts->columns, interrupts->max_columns) != 0 ? 0 : -EIO;
}

void close_interrupts(ProcInterrupts *interrupts)
{
    if (interrupts == nullptr)
        return;
    if (interrupts->fd >= 0)
        close(interrupts->fd);
    std::free(interrupts->text);
    std::free(interrupts->columns);
    std::free(interrupts->irqs);
    std::free(interrupts);
}

int read_interrupts(krunc_session &session, const std::uint32_t *cpus, krunc_sample &sample)
{
    ProcInterrupts &interrupts = *session.interrupts;
    if (const int error = read_all(interrupts))
        return error;
    const unsigned columns = parse_columns(interrupts.text, interrupts.columns, interrupts.max_columns);
    if (columns == 0)
        return -EIO;
    std::memset(interrupts.irqs, 0, interrupts.max_columns * sizeof(Irqs));
    for (const char *line = std::strchr(interrupts.text, '\n'); line != nullptr; line = std::strchr(line, '\n'))
        add_line(++line, interrupts.irqs, columns);
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        session.interrupt_cpus[i] = KRUNC_NO_CPU;
        for (unsigned column = 0; column < columns; column++) {
            if (interrupts.columns[column] != cpus[i])
                continue;
            session.interrupt_cpus[i] = cpus[i];
            give(*krunc_reading_at(&sample, i), interrupts.irqs[column], session.own_calls[i]);
        }
        // Only CPUs that are online have a column. At the beginning the reading is yet to come.
        if (session.interrupt_cpus[i] == KRUNC_NO_CPU) {
            krunc_reading_at(&sample, i)->status = KRUNC_OFFLINE;
            give(*krunc_reading_at(&sample, i), Irqs{}, 0);
        }
    }
    return 0;
}

} // namespace krunc
