// SPDX-License-Identifier: MIT
// Google Benchmark with counters of each iteration, and the verdict on each run:
//     c++ -std=c++20 -O2 -o benchmark benchmark.cpp -lkruncounters -lbenchmark
//     taskset -c 3 ./benchmark --benchmark_repetitions=10
// The label of a run is its verdict. The mean of "clean" is the share of runs that were not disturbed.
#include <krun/benchmark.hpp>

#include <cstdio>
#include <numeric>
#include <vector>

// One session for all benchmarks of the main thread. It opens everywhere; what it lacks has no user counter.
static krunc::Session &session()
{
    static krunc::Session opened({.scope = KRUNC_SCOPE_THREAD});
    return opened;
}

static void sum_of_array(benchmark::State &state)
{
    const std::vector<long> numbers(static_cast<std::size_t>(state.range(0)), 1);
    krunc::BenchmarkRegion region(state, session()); // after what is not to be counted
    for (auto _ : state)
        benchmark::DoNotOptimize(std::accumulate(numbers.begin(), numbers.end(), 0L));
}
BENCHMARK(sum_of_array)->Arg(1 << 10)->Arg(1 << 20);

// Before the first benchmark, so that nobody wonders where a column has gone.
static void print_missing()
{
    const krunc::Facts &facts = session().facts();
    std::fprintf(stderr, "counters are read by %s\n", krunc::way_name(facts.way));
    for (unsigned bit = 0; bit < 32; ++bit)
        if (const krunc::Error error{facts.counter_errors[bit]})
            std::fprintf(stderr, "no %s: %s\n", krunc::counter_name(1U << bit), error.message().c_str());
}

int main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    print_missing();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
