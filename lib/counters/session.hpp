// SPDX-License-Identifier: MIT
// The inside of a session, and what a way to read has to provide.
//
// Theory: everything that can fail or takes time happens in krunc_open(): each way is tried, best first, until one has
// what is required. It leaves two functions in the session, one for each end of what is measured, in which nothing is
// decided any more. No exceptions, no containers: the library is for C programs too, and does not load the C++ library.
#pragma once

#include <cstddef>
#include <cstdint>

#include <krun/counters.h>

#include "machine.hpp"

namespace krunc
{

using Sampler = krunc_sampler;

// One file each: device.cpp, calls.cpp, perf.cpp, msr.cpp, tsc.cpp.
struct Way {
    // Sets facts.counters, facts.counter_errors and the samplers; 0 or -errno. What it has acquired by then is released
    // by close() in any case.
    int (*open)(krunc_session &session);
    void (*close)(krunc_session &session);
};

struct PerfGroup;
struct PerfCpu;
struct ProcInterrupts;

// NOLINTBEGIN(bugprone-dynamic-static-initializers): constants
extern const Way device_way;
extern const Way calls_way;
extern const Way perf_way;
extern const Way msr_way;
extern const Way tsc_way;
// NOLINTEND(bugprone-dynamic-static-initializers)

struct DeviceState {
    int fd;
    unsigned flags; // of each sample
    const char *slots;
    std::size_t stride;
    std::size_t mapped;
    unsigned copied; // bytes of a slot, a multiple of 16
};

struct CallsState {
    unsigned cpus; // 0 to cpus - 1
    std::uint64_t *values;
};

struct PerfState {
    PerfCpu *cpus;     // of each reading, in KRUNC_SCOPE_CPUS
    PerfGroup *thread; // in KRUNC_SCOPE_THREAD: hardware counters, and what else there is
    bool by_pages;     // of the thread's events
};

struct MsrState {
    int *fds; // by number of the CPU; -1: not open
};

} // namespace krunc

struct krunc_session {
    // What a sample needs, first.
    krunc::Sampler begin;
    krunc::Sampler end;
    std::size_t sample_size;
    std::uint64_t header; // krunc_sample.readings and .valid
    union {
        krunc::DeviceState device;
        krunc::CallsState calls;
        krunc::PerfState perf;
        krunc::MsrState msr;
    };
    krunc_thread_counter thread_counters[32]; // by bit; all 0 where there is none
    std::uint32_t *cpus;                      // of each reading, in KRUNC_SCOPE_CPUS
    std::uint32_t *interrupt_cpus;            // of each reading: whose interrupts /proc/interrupts has just given it
    std::uint32_t *own_calls;   // of each reading: function calls that our reading has sent to the CPU so far
    krunc::Sampler plain_begin; // without what is read beside the counters
    krunc::Sampler plain_end;

    krunc_options options; // complete: nothing in it means "all" any more
    krunc_facts facts;
    krunc::Machine machine;
    krunc_cpu *cpu_table;
    const krunc::Way *way;
    krunc::ProcInterrupts *interrupts;
    int interrupts_error; // why there are none, or 0
};
