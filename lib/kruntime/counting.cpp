// SPDX-License-Identifier: MIT
#include "counting.hpp"

#include <cpuid.h>
#include <cstring>

#include "running_counts.hpp"

namespace krun
{

namespace
{

constexpr unsigned power_leaf = 6; // CPUID
constexpr unsigned has_aperf = 1;  // in ECX

struct Counter {
    unsigned bit;
    const char *name;
};
constexpr Counter wanted[] = {{0, "APERF"}, {1, "MPERF"}, {2, "core cycles"}};

krunc_options options_for(uint32_t required)
{
    krunc_options options{};
    options.size = sizeof(options);
    options.scope = KRUNC_SCOPE_CPUS;
    options.counters = RunningCounts::counters;
    options.required = required;
    options.flags = KRUNC_NO_CALIBRATION;
    return options;
}

void print_missing(std::FILE *stream, const krunc_facts &facts)
{
    std::fprintf(stream, "  %s:", krunc_way_name(facts.way));
    const char *separator = "";
    for (const Counter &counter : wanted) {
        if ((facts.counters & (1u << counter.bit)) != 0)
            continue;
        std::fprintf(stream, "%s no %s (%s)", separator, counter.name,
                     std::strerror(-facts.counter_errors[counter.bit]));
        separator = ",";
    }
    std::fputc('\n', stream);
}

void print_reason(std::FILE *stream, unsigned way, int error)
{
    const char *const remedy = krunc_way_remedy(way, error);
    std::fprintf(stream, "  %s: %s%s%s\n", krunc_way_name(way), krunc_way_reason(way, error),
                 *remedy != '\0' ? "; " : "", remedy);
}

} // namespace

Wish wish_named(const char *value)
{
    if (value == nullptr || *value == '\0')
        return Wish::what_there_is;
    if (std::strcmp(value, "0") == 0)
        return Wish::wall_clock;
    return std::strcmp(value, "1") == 0 ? Wish::counters : Wish::not_understood;
}

bool machine_has_aperf()
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    return __get_cpuid(power_leaf, &eax, &ebx, &ecx, &edx) != 0 && (ecx & has_aperf) != 0;
}

krunc_session *open_counters()
{
    const krunc_options options = options_for(RunningCounts::counters);
    krunc_session *session = nullptr;
    return krunc_open(&options, &session) == 0 ? session : nullptr;
}

// Only a session knows why a way cannot be used; with nothing required there is always one.
void print_obstacles(std::FILE *stream)
{
    const krunc_options options = options_for(0);
    krunc_session *session = nullptr;
    krunc_facts facts{};
    facts.size = sizeof(facts);
    int error = krunc_open(&options, &session);
    if (error == 0)
        error = krunc_get_facts(session, &facts);
    if (error != 0)
        std::fprintf(stream, "  %s\n", std::strerror(-error));
    for (unsigned way = 0; error == 0 && way < KRUNC_WAY_TSC; ++way) {
        const int cause = facts.way_errors[way];
        if (way == facts.way)
            print_missing(stream, facts);
        else if (cause != 0)
            print_reason(stream, way, cause);
    }
    krunc_close(session);
}

} // namespace krun
