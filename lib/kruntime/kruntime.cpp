// SPDX-License-Identifier: MIT
// The functions that iteration runners call.
//
// Around an iteration the wall clock is innermost, as what matters most: counters, clock, iteration, clock, counters.
// Whatever can wait until the second reading of the counters, waits.
#include "kruntime.h"

#include <bit>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include "counting.hpp"
#include "running_counts.hpp"

namespace krun
{

namespace
{

constexpr int bits_of_a_double = 53;

struct End {
    double wallclock;
    krunc_sample *sample;
    CoreCounts *counts; // by core
};

// Nothing here has a destructor: a VM may call us, or be inside a call, while the process is ending.
struct State {
    End ends[2]; // before and after an iteration
    int cores;   // still told after krun_done()
    bool only_wall_clock;
    bool done;
    krunc_session *session; // null: not open
    size_t sample_size;
    RunningCounts *running;
    bool begin_is_new; // ends[0].sample is not in ends[0].counts yet
};

State state;

[[noreturn, gnu::format(printf, 2, 3)]] void fail(const char *function, const char *format, ...)
{
    std::fprintf(stderr, "%s: ", function);
    va_list arguments;
    va_start(arguments, format);
    std::vfprintf(stderr, format, arguments);
    va_end(arguments);
    std::fputc('\n', stderr);
    std::exit(EXIT_FAILURE);
}

// Krun's tests look for parts of this message and the next two.
void check_end(const char *function, int end)
{
    if (end != 0 && end != 1)
        fail(function, "krun_mdata index out of range: %d is neither 0 nor 1", end);
}

const CoreCounts &counts_of(const char *function, int end, int core)
{
    if (state.only_wall_clock)
        fail(function, "there are no counters, as if libkruntime was built without MSR support");
    check_end(function, end);
    if (core < 0 || core >= state.cores)
        fail(function, "core out of range: there are %d", state.cores);
    return state.ends[end].counts[core];
}

void advance(const char *function, End &end, Break at_break)
{
    if (const auto obstacle = state.running->advance(*end.sample, at_break))
        fail(function, "CPU %" PRIu32 ": %s", obstacle->cpu, obstacle->what);
    std::memcpy(end.counts, state.running->counts(), state.cores * sizeof(*end.counts));
}

void settle_begin(const char *function)
{
    if (!state.begin_is_new)
        return;
    state.begin_is_new = false;
    advance(function, state.ends[0], Break::is_left_out);
}

void measure_begin(const char *function)
{
    settle_begin(function);
    const int error = krunc_sample_begin(state.session, state.ends[0].sample, state.sample_size);
    state.ends[0].wallclock = krun_clock_gettime_monotonic();
    if (error != 0)
        fail(function, "cannot read the counters: %s", std::strerror(-error));
    state.begin_is_new = true;
}

void measure_end(const char *function)
{
    state.ends[1].wallclock = krun_clock_gettime_monotonic();
    const int error = krunc_sample_end(state.session, state.ends[1].sample, state.sample_size);
    if (error != 0)
        fail(function, "cannot read the counters: %s", std::strerror(-error));
    settle_begin(function);
    advance(function, state.ends[1], Break::is_an_error);
}

void close_session()
{
    for (End &end : state.ends) {
        std::free(end.sample);
        end.sample = nullptr;
    }
    if (state.running != nullptr)
        state.running->~RunningCounts();
    std::free(state.running);
    state.running = nullptr;
    krunc_close(state.session);
    state.session = nullptr;
    state.begin_is_new = false;
}

void use_session(const char *function, krunc_session *session)
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    const int error = krunc_get_facts(session, &facts);
    if (error != 0)
        fail(function, "%s", std::strerror(-error));
    state.session = session;
    state.cores = static_cast<int>(facts.readings);
    state.sample_size = facts.sample_size;
    state.running = new (krun_xcalloc(1, sizeof(RunningCounts))) RunningCounts(facts);
    for (End &end : state.ends) {
        end.sample = static_cast<krunc_sample *>(krun_xcalloc(1, facts.sample_size));
        end.counts = static_cast<CoreCounts *>(krun_xcalloc(facts.readings, sizeof(CoreCounts)));
    }
    // Counts begin here, and a counter that cannot be read is reported before the first iteration.
    const int unread = krunc_sample_begin(session, state.ends[0].sample, state.sample_size);
    if (unread != 0)
        fail(function, "cannot read the counters: %s", std::strerror(-unread));
    advance(function, state.ends[0], Break::is_an_error);
}

void check_order(const char *what, int core, uint64_t before, uint64_t after)
{
    if (before > after)
        fail("krun_check_mdata", "%s of core %d got smaller: start=%" PRIu64 ", stop=%" PRIu64, what, core, before,
             after);
}

} // namespace

} // namespace krun

using namespace krun;

extern "C" {

void *krun_xcalloc(size_t count, size_t size)
{
    void *const memory = std::calloc(count, size);
    if (memory == nullptr) {
        std::perror("calloc");
        std::exit(EXIT_FAILURE);
    }
    return memory;
}

double krun_clock_gettime_monotonic(void)
{
    timespec now{};
    if (clock_gettime(CLOCK_MONOTONIC_RAW, &now) != 0) {
        std::perror("clock_gettime");
        std::exit(EXIT_FAILURE);
    }
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void krun_init(void)
{
    const Wish wish = wish_named(std::getenv("KRUN_MSRS"));
    if (wish == Wish::not_understood)
        fail(__func__, "KRUN_MSRS in the environment must be 0, 1 or unset");
    krun_done();
    for (End &end : state.ends)
        std::free(end.counts);
    state = {};
    if (wish == Wish::wall_clock || (wish == Wish::what_there_is && !machine_has_aperf())) {
        state.only_wall_clock = true;
        return;
    }
    krunc_session *const session = open_counters();
    if (session == nullptr) {
        std::fprintf(stderr, "%s: APERF, MPERF and core cycles of every CPU cannot be read\n", __func__);
        print_obstacles(stderr);
        std::fputs("  (KRUN_MSRS=0 in the environment measures the wall clock alone)\n", stderr);
        std::exit(EXIT_FAILURE);
    }
    use_session(__func__, session);
}

void krun_done(void)
{
    if (state.session != nullptr)
        settle_begin(__func__);
    state.done = state.session != nullptr || state.done;
    close_session();
}

void krun_measure(int end)
{
    check_end(__func__, end);
    if (state.done)
        fail(__func__, "called after krun_done()");
    // Before krun_init(), too: then nobody has asked for counters.
    if (state.session == nullptr)
        state.ends[end].wallclock = krun_clock_gettime_monotonic();
    else if (end == 0)
        measure_begin(__func__);
    else
        measure_end(__func__);
    if (end == 1)
        krun_check_mdata();
}

void krun_check_mdata(void)
{
    const End &before = state.ends[0];
    const End &after = state.ends[1];
    settle_begin(__func__);
    if (before.wallclock > after.wallclock)
        fail(__func__, "wallclock got smaller: start=%f, stop=%f", before.wallclock, after.wallclock);
    for (int core = 0; core < state.cores; ++core) {
        check_order("core_cycles", core, before.counts[core].core_cycles, after.counts[core].core_cycles);
        check_order("aperf", core, before.counts[core].aperf, after.counts[core].aperf);
        check_order("mperf", core, before.counts[core].mperf, after.counts[core].mperf);
    }
}

int krun_get_num_cores(void) { return state.cores; }

double krun_get_wallclock(int end)
{
    check_end(__func__, end);
    return state.ends[end].wallclock;
}

uint64_t krun_get_core_cycles(int end, int core)
{
    settle_begin(__func__);
    return counts_of(__func__, end, core).core_cycles;
}

uint64_t krun_get_aperf(int end, int core)
{
    settle_begin(__func__);
    return counts_of(__func__, end, core).aperf;
}

uint64_t krun_get_mperf(int end, int core)
{
    settle_begin(__func__);
    return counts_of(__func__, end, core).mperf;
}

double krun_u64_to_double(uint64_t value)
{
    if (static_cast<int>(std::bit_width(value)) - std::countr_zero(value) > bits_of_a_double)
        fail(__func__, "Loss of precision detected! A double cannot hold %" PRIu64, value);
    return static_cast<double>(value);
}

double krun_get_core_cycles_double(int end, int core) { return krun_u64_to_double(krun_get_core_cycles(end, core)); }

double krun_get_aperf_double(int end, int core) { return krun_u64_to_double(krun_get_aperf(end, core)); }

double krun_get_mperf_double(int end, int core) { return krun_u64_to_double(krun_get_mperf(end, core)); }

} // extern "C"
