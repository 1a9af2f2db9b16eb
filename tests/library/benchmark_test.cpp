// SPDX-License-Identifier: MIT
// <krun/benchmark.hpp>: what a run gets, and what it gets when there is nothing to get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <krun/benchmark.hpp>

#include <functional>

#include "bound_thread.hpp"

namespace
{

using testing::Contains;
using testing::Key;
using testing::Not;

const krunc::Options tsc_of_thread{
    .scope = KRUNC_SCOPE_THREAD, .ways = 1U << KRUNC_WAY_TSC, .flags = KRUNC_NO_CALIBRATION};

class Collector : public benchmark::BenchmarkReporter
{
  public:
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override { all.insert(all.end(), runs.begin(), runs.end()); }
    std::vector<Run> all;
};

// The only run of a benchmark of one iteration.
benchmark::BenchmarkReporter::Run run_of(const std::function<void(benchmark::State &)> &function, int threads = 1)
{
    benchmark::ClearRegisteredBenchmarks();
    benchmark::RegisterBenchmark("one", function)->Iterations(1)->Threads(threads);
    Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector, "one");
    EXPECT_EQ(collector.all.size(), 1U);
    return collector.all.empty() ? benchmark::BenchmarkReporter::Run() : collector.all.front();
}

void iterate(benchmark::State &state)
{
    while (state.KeepRunning())
        benchmark::ClobberMemory();
}

TEST(BenchmarkRegion, GivesARunItsVerdictAndNoCountsThatThereAreNot)
{
    krunc::Session session(tsc_of_thread);
    const auto run = run_of([&](benchmark::State &state) {
        krunc::BenchmarkRegion region(state, session);
        iterate(state);
    });
    EXPECT_FALSE(run.error_occurred);
    EXPECT_THAT(run.counters, Contains(Key("verdict")));
    EXPECT_THAT(run.counters, Contains(Key("quality")));
    EXPECT_THAT(run.counters, Contains(Key("unknown")));
    for (const char *name : {"cycles", "instructions", "event0", "ratio", "busy", "interrupts", "switches", "smi"})
        EXPECT_THAT(run.counters, Not(Contains(Key(name))));
    // The clock alone sees no interrupts: it is disturbed by what the scheduler did, or undecided, but never clean.
    const auto kind = static_cast<std::uint32_t>(run.counters.at("verdict").value);
    EXPECT_NE(kind, KRUNC_CLEAN);
    EXPECT_EQ(run.counters.count("clean"), kind == KRUNC_UNDECIDED ? 0U : 1U);
    EXPECT_EQ(run.report_label.substr(0, run.report_label.find(':')), krunc::verdict_name(kind));
}

TEST(BenchmarkRegion, LeavesTheLabelToTheBenchmarkIfItIsTold)
{
    krunc::Session session(tsc_of_thread);
    const auto run = run_of([&](benchmark::State &state) {
        krunc::BenchmarkRegion region(state, session, false);
        iterate(state);
        state.SetLabel("its own");
    });
    EXPECT_EQ(run.report_label, "its own");
    EXPECT_THAT(run.counters, Contains(Key("verdict")));
}

TEST(BenchmarkRegion, SumsNoVerdictsOverThreads)
{
    const auto run = run_of(
        [&](benchmark::State &state) {
            krunc::Session session(tsc_of_thread);
            krunc::BenchmarkRegion region(state, session);
            iterate(state);
        },
        2);
    EXPECT_FALSE(run.report_label.empty());
    for (const char *name : {"verdict", "quality", "unknown"})
        EXPECT_THAT(run.counters, Not(Contains(Key(name))));
}

TEST(BenchmarkRegion, SaysWhyItHasNotMeasured)
{
    krunc::Session session(tsc_of_thread);
    const krunc::Session thief(std::move(session));
    const auto run = run_of([&](benchmark::State &state) {
        krunc::BenchmarkRegion region(state, session); // NOLINT(bugprone-use-after-move): it is empty
        iterate(state);
    });
    EXPECT_EQ(run.report_label, "not measured: Bad file descriptor");
    EXPECT_TRUE(run.counters.empty());
    EXPECT_FALSE(run.error_occurred); // the benchmark itself has run
}

TEST(BenchmarkRegion, SaysThatItsCpuIsNotMeasured)
{
    const BoundThread thread;
    const auto &cpus = thread.cpus();
    if (cpus.size() < 2)
        GTEST_SKIP() << "there is only one CPU";
    krunc::Options options{.ways = 1U << KRUNC_WAY_TSC, .flags = KRUNC_NO_CALIBRATION};
    options.cpus = {cpus[1]};
    krunc::Session session(options);
    ASSERT_TRUE(thread.to(cpus[0]));
    const auto run = run_of([&](benchmark::State &state) {
        krunc::BenchmarkRegion region(state, session);
        iterate(state);
    });
    EXPECT_EQ(run.report_label, "not measured: CPU " + std::to_string(cpus[0]) + " has no reading");
    EXPECT_TRUE(run.counters.empty());
}

TEST(BenchmarkRegion, SaysThatItsCriteriaAreNone)
{
    krunc::Session session(tsc_of_thread);
    const auto run = run_of([&](benchmark::State &state) {
        krunc::BenchmarkRegion region(state, session, true, {.share = 2});
        iterate(state);
    });
    EXPECT_EQ(run.report_label, "not judged: Invalid argument");
    EXPECT_THAT(run.counters, Not(Contains(Key("clean"))));
}

} // namespace
