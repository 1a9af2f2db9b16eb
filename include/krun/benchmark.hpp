// SPDX-License-Identifier: MIT
//
// libkruncounters in Google Benchmark (1.7 or later): counters and the verdict become user counters of a run.
//
//     void BM_work(benchmark::State &state)
//     {
//         krunc::BenchmarkRegion region(state, session);
//         for (auto _ : state)
//             work();
//     }
//
// A run of the function then has, as far as the session can tell:
//
//     cycles, instructions, event0 ...  of each iteration
//     ratio, busy                       APERF / MPERF; share of the time that was not halted
//     interrupts, switches, smi         in the whole run
//     clean                             1: the verdict is KRUNC_CLEAN; 0: it is another, but for KRUNC_UNDECIDED
//     verdict, quality, unknown         enum krunc_verdict_kind, KRUNC_Q_*; only in runs of one thread
//
// and the verdict in words as its label. The mean of `clean` over repetitions is the share of those that were. What is
// missing has no user counter: nothing is reported as 0 for want of a value.
//
// Everything between the region's ends is counted, whether the timer of the benchmark runs or not. Keep the loop, and
// nothing else, inside.
//
// In a benchmark of many threads each of them needs a session of its own, with KRUNC_SCOPE_THREAD. Counts are then
// summed over the threads and divided by all their iterations, shares are means, and the label is the first thread's.
#ifndef KRUN_BENCHMARK_HPP
#define KRUN_BENCHMARK_HPP

#include <string>

#include <benchmark/benchmark.h>

#include <krun/counters.hpp>

namespace krunc
{

#ifdef KRUNC_DISABLE
inline namespace disabled
{
#else
inline namespace measuring
{
#endif

class [[maybe_unused]] BenchmarkRegion
{
  public:
    // `label`: let the verdict be the run's label. Nobody else can then set it.
    BenchmarkRegion(benchmark::State &state, Session &session, bool label = true, const Criteria &criteria = {})
        : state_(state), session_(session), label_(label), criteria_(criteria), measured_(session), region_(measured_)
    {
    }
    BenchmarkRegion(const BenchmarkRegion &) = delete;
    BenchmarkRegion &operator=(const BenchmarkRegion &) = delete;

    ~BenchmarkRegion()
    {
        region_.end();
        if constexpr (enabled)
            report();
    }

  private:
    using Counter = benchmark::Counter;

    void report()
    {
        const Delta *delta = measured_.own();
        if (const Error error = measured_.error())
            return set_label("not measured: " + error.message());
        if (delta == nullptr)
            return set_label("not measured: CPU " + std::to_string(measured_.before().cpu()) + " has no reading");
        put("cycles", delta->cycles(), Counter::kAvgIterations);
        put("instructions", delta->instructions(), Counter::kAvgIterations);
        for (unsigned number = 0; number < KRUNC_EVENTS; ++number)
            put("event" + std::to_string(number), delta->event(number), Counter::kAvgIterations);
        put("ratio", delta->ratio(), Counter::kAvgThreads);
        put("busy", delta->busy(), Counter::kAvgThreads);
        if (const auto interrupts = delta->interrupts())
            put("interrupts", std::optional(interrupts->total()), Counter::kDefaults);
        put("switches", delta->switches(), Counter::kDefaults);
        put("smi", delta->smi(), Counter::kDefaults);
        report_verdict(*delta);
    }

    void report_verdict(const Delta &delta)
    {
        const auto verdict = session_.judge(delta, criteria_);
        if (!verdict)
            return set_label("not judged: " + verdict.error().message());
        if (verdict->kind() != KRUNC_UNDECIDED)
            put("clean", std::optional(verdict->clean() ? 1 : 0), Counter::kAvgThreads);
        if (state_.threads() == 1) { // sums of these would say nothing
            put("verdict", std::optional(static_cast<int>(verdict->kind())), Counter::kDefaults);
            put("quality", std::optional(delta.raw().quality), Counter::kDefaults);
            put("unknown", std::optional(delta.raw().unknown), Counter::kDefaults);
        }
        set_label(text(*verdict));
    }

    template <class T> void put(const std::string &name, std::optional<T> value, Counter::Flags flags)
    {
        if (value)
            state_.counters[name] = Counter(static_cast<double>(*value), flags);
    }

    void set_label(const std::string &label)
    {
        if (label_ && state_.thread_index() == 0)
            state_.SetLabel(label);
    }

    benchmark::State &state_;
    Session &session_;
    bool label_;
    Criteria criteria_;
    Measurement measured_;
    Region region_;
};

} // inline namespace
} // namespace krunc

#endif // KRUN_BENCHMARK_HPP
