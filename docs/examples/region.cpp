// SPDX-License-Identifier: MIT
// The same as region.c in C++20, for the calling thread:  c++ -std=c++20 -O2 -o region region.cpp -lkruncounters
// With -DKRUNC_DISABLE nothing is left of it but the work, and -lkruncounters is not needed.
#include <krun/counters.hpp>

#include <cstdio>

static void work() // your benchmark's
{
    volatile long sum = 0;
    for (long i = 0; i < 20'000'000; ++i)
        sum = sum + i;
}

static void print_missing(const krunc::Facts &facts)
{
    std::printf("way: %s\n", krunc::way_name(facts.way));
    for (unsigned way = 0; way < facts.way; ++way)
        if (const int error = facts.way_errors[way])
            std::printf("not by %s: %s\n", krunc::way_name(way), krunc::way_reason(way, error));
    for (unsigned bit = 0; bit < 32; ++bit)
        if (const krunc::Error error{facts.counter_errors[bit]})
            std::printf("missing: %s: %s\n", krunc::counter_name(1U << bit), error.message().c_str());
}

static void print_counts(const krunc::Delta &delta)
{
    if (const auto seconds = delta.seconds())
        std::printf("seconds: %.6f\n", *seconds);
    if (const auto cycles = delta.cycles())
        std::printf("cycles: %llu\n", static_cast<unsigned long long>(*cycles));
    if (const auto instructions = delta.instructions())
        std::printf("instructions: %llu\n", static_cast<unsigned long long>(*instructions));
    if (const auto ratio = delta.ratio())
        std::printf("APERF/MPERF: %.3f\n", *ratio);
    if (const auto interrupts = delta.interrupts())
        std::printf("interrupts: %llu\n", static_cast<unsigned long long>(interrupts->total()));
    if (const auto migrated = delta.is(KRUNC_Q_MIGRATED); !migrated)
        std::puts("migrated: not known");
    else
        std::printf("migrated: %s\n", *migrated ? "yes" : "no");
}

int main()
{
    auto session = krunc::Session::open({.scope = KRUNC_SCOPE_THREAD});
    if (!session) {
        std::fprintf(stderr, "libkruncounters: %s\n", session.error().message().c_str());
        return 1;
    }
    print_missing(session->facts());

    krunc::Measurement measured(*session); // has all the memory that its regions need
    for (int iteration = 1; iteration <= 3; ++iteration) {
        {
            krunc::Region region(measured);
            work();
        }
        if (const krunc::Error error = measured.error()) {
            std::fprintf(stderr, "iteration %d: %s\n", iteration, error.message().c_str());
            return 1;
        }
        std::printf("iteration %d\n", iteration);
        for (const krunc::Delta &delta : measured.deltas()) {
            print_counts(delta);
            if (const auto verdict = session->judge(delta))
                std::printf("verdict: %s\n", krunc::text(*verdict).c_str());
        }
    }
    return 0;
}
