// SPDX-License-Identifier: MIT
// The examples in docs/examples run on this machine, whatever it has: what they print is what the library knows here,
// and what is missing is named with its reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <nlohmann/json.hpp>

#include "bound_thread.hpp"
#include "program.hpp"
#include <krun/counters.hpp>

namespace
{

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const std::string python_example = KRUN_SOURCE_DIR "/docs/examples/region.py";

// Without the folder __pycache__ in the sources.
ProgramRun python(const std::string &arguments) { return run_program("python3 -B " + arguments); }

// The lines that an example prints before it measures.
void expect_what_is_missing(const std::string &output, const krunc::Facts &facts)
{
    EXPECT_THAT(output, HasSubstr(std::string("way: ") + krunc::way_name(facts.way) + "\n"));
    for (unsigned way = 0; way < facts.way; ++way)
        if (facts.way_errors[way] != 0) {
            EXPECT_THAT(output, HasSubstr(std::string("not by ") + krunc::way_name(way) + ": " +
                                          krunc::way_reason(way, facts.way_errors[way]) + "\n"));
        }
    for (unsigned bit = 0; bit < 32; ++bit) {
        const std::string missing = std::string("missing: ") + krunc::counter_name(1U << bit) + ": ";
        if (facts.counter_errors[bit] != 0) {
            EXPECT_THAT(output, HasSubstr(missing + std::strerror(-facts.counter_errors[bit]) + "\n"));
        } else {
            EXPECT_THAT(output, Not(HasSubstr(missing)));
        }
    }
}

// What is counted is printed, and nothing else is.
void expect_counts(const std::string &output, const krunc::Facts &facts)
{
    EXPECT_THAT(output, ContainsRegex("seconds: 0*[0-9]*\\.[0-9]*[1-9]"));
    for (const auto &[counter, name] :
         {std::pair{KRUNC_CYCLES, "\ncycles: "}, std::pair{KRUNC_INSTRUCTIONS, "\ninstructions: "}}) {
        if ((facts.counters & counter) != 0) {
            EXPECT_THAT(output, ContainsRegex(std::string(name) + "[1-9]"));
        } else {
            EXPECT_THAT(output, Not(HasSubstr(name)));
        }
    }
    EXPECT_THAT(output, ContainsRegex("verdict: (clean|ticking|disturbed|unusable|undecided)"));
}

// The CPU that the example will choose has what any other has.
krunc::Facts facts_of_one_cpu()
{
    const krunc::Session session({.cpus = {0}, .flags = KRUNC_NO_CALIBRATION});
    return session.facts();
}

TEST(Example, InCMeasuresALoop)
{
    const auto run = run_program(KRUN_EXAMPLE_C);
    EXPECT_EQ(run.status, 0) << run.output;
    const auto facts = facts_of_one_cpu();
    expect_what_is_missing(run.output, facts);
    expect_counts(run.output, facts);
}

TEST(Example, InCppMeasuresThreeIterations)
{
    // Of an iteration that migrates nothing can be said.
    const BoundThread here;
    ASSERT_TRUE(here.to(here.cpus().back()));
    const auto run = run_program(KRUN_EXAMPLE_CPP);
    EXPECT_EQ(run.status, 0) << run.output;
    const krunc::Session session({.scope = KRUNC_SCOPE_THREAD, .flags = KRUNC_NO_CALIBRATION});
    expect_what_is_missing(run.output, session.facts());
    const auto third = run.output.find("iteration 3\n");
    ASSERT_NE(third, std::string::npos) << run.output;
    expect_counts(run.output.substr(third), session.facts());
}

TEST(Example, InCppDisabledStillWorksAndCountsNothing)
{
    const auto run = run_program(KRUN_EXAMPLE_DISABLED);
    EXPECT_EQ(run.status, 0) << run.output;
    EXPECT_EQ(run.output, "way: \niteration 1\niteration 2\niteration 3\n");
    EXPECT_THAT(run_program("nm -u " KRUN_EXAMPLE_DISABLED).output, Not(HasSubstr("krunc_")));
}

TEST(Example, InPythonMeasuresByCtypes)
{
    if (*KRUN_SANITIZE != '\0')
        GTEST_SKIP() << "a sanitized library cannot be loaded into the interpreter";
    const auto run = python(python_example + " " KRUN_SHARED_LIBRARY);
    EXPECT_EQ(run.status, 0) << run.output;
    const auto facts = facts_of_one_cpu();
    expect_what_is_missing(run.output, facts);
    expect_counts(run.output, facts);
}

TEST(Example, InPythonNamesTheLibraryThatItCannotLoad)
{
    const auto run = python(python_example + " /nowhere/libkruncounters.so.1");
    EXPECT_NE(run.status, 0);
    EXPECT_THAT(run.output, HasSubstr("/nowhere/libkruncounters.so.1"));
}

// Its structures are the header's: the size of each, and where the last members are.
TEST(Example, InPythonDeclaresTheStructuresOfTheHeader)
{
    const auto run = python("-c \"import sys; sys.path.insert(0, '" KRUN_SOURCE_DIR "/docs/examples'); import region; "
                            "from ctypes import sizeof; from region import *; "
                            "print(*map(sizeof, (Event, Options, Cpu, Cost, Facts, Delta, Verdict)), "
                            "Options.cpus.offset, Options.max_ratio.offset, Facts.sample_size.offset, "
                            "Facts.cpu.offset, Facts.counter_errors.offset, Delta.cycles.offset, "
                            "Delta.instructions_error.offset, Delta.own.offset, Delta.seconds.offset, "
                            "Delta.busy.offset, Verdict.counts.offset)\"");
    std::string expected;
    for (const std::size_t number :
         {sizeof(krunc_event), sizeof(krunc_options), sizeof(krunc_cpu), sizeof(krunc_cost), sizeof(krunc_facts),
          sizeof(krunc_delta), sizeof(krunc_verdict), offsetof(krunc_options, cpus), offsetof(krunc_options, max_ratio),
          offsetof(krunc_facts, sample_size), offsetof(krunc_facts, cpu), offsetof(krunc_facts, counter_errors),
          offsetof(krunc_delta, cycles), offsetof(krunc_delta, instructions_error), offsetof(krunc_delta, own),
          offsetof(krunc_delta, seconds), offsetof(krunc_delta, busy), offsetof(krunc_verdict, counts)})
        expected += (expected.empty() ? "" : " ") + std::to_string(number);
    EXPECT_EQ(run.output, expected + "\n");
}

class BenchmarkExample : public testing::Test
{
  protected:
    // The shortest runs that there are; stderr is the example's own.
    static nlohmann::json runs(const std::string &options)
    {
        const auto run =
            run_program("( " KRUN_EXAMPLE_BENCHMARK " --benchmark_min_time=0.001 --benchmark_format=json " + options +
                        " 2>/dev/null )");
        EXPECT_EQ(run.status, 0) << run.output;
        auto json = nlohmann::json::parse(run.output, nullptr, false);
        return json.is_discarded() ? nlohmann::json::array() : json.value("benchmarks", nlohmann::json::array());
    }
};

TEST_F(BenchmarkExample, HasTheCountersThatThereAreAndNoOthers)
{
    const krunc::Session session({.scope = KRUNC_SCOPE_THREAD, .flags = KRUNC_NO_CALIBRATION});
    const auto counted = session.facts().counters;
    const auto all = runs("");
    ASSERT_EQ(all.size(), 2U);
    for (const auto &one : all) {
        SCOPED_TRACE(one.dump());
        EXPECT_EQ(one.contains("cycles"), (counted & KRUNC_CYCLES) != 0);
        EXPECT_EQ(one.contains("instructions"), (counted & KRUNC_INSTRUCTIONS) != 0);
        EXPECT_EQ(one.contains("interrupts"), (counted & KRUNC_INTERRUPTS) != 0);
        EXPECT_EQ(one.contains("smi"), (counted & KRUNC_SMI) != 0);
        EXPECT_FALSE(one.contains("event0"));
    }
}

TEST_F(BenchmarkExample, HasTheVerdictInItsCountersAndInWords)
{
    for (const auto &one : runs("")) {
        SCOPED_TRACE(one.dump());
        const auto verdict = static_cast<std::uint32_t>(one.value("verdict", 99.0));
        const std::string label = one.value("label", "");
        EXPECT_EQ(label.substr(0, label.find(':')), krunc::verdict_name(verdict));
        if (verdict == KRUNC_UNDECIDED) {
            EXPECT_FALSE(one.contains("clean"));
        } else {
            EXPECT_EQ(one.value("clean", -1.0), verdict == KRUNC_CLEAN ? 1 : 0);
        }
        const auto quality = static_cast<std::uint32_t>(one.value("quality", -1.0));
        const auto unknown = static_cast<std::uint32_t>(one.value("unknown", -1.0));
        EXPECT_EQ(quality & unknown, 0U);
        EXPECT_NE(unknown, 0xffffffffU);
    }
}

// 1024 times the elements are about 1024 times the instructions, however many iterations there were.
TEST_F(BenchmarkExample, CountsByIteration)
{
    const auto all = runs("");
    ASSERT_EQ(all.size(), 2U);
    if (!all[0].contains("instructions"))
        GTEST_SKIP() << "instructions are not counted here";
    const double ratio = all[1].value("instructions", 0.0) / all[0].value("instructions", 1.0);
    EXPECT_GT(ratio, 512);
    EXPECT_LT(ratio, 2048);
}

TEST_F(BenchmarkExample, SaysFirstWhatIsMissing)
{
    const auto run = run_program(KRUN_EXAMPLE_BENCHMARK " --benchmark_list_tests");
    EXPECT_EQ(run.status, 0);
    const krunc::Session session({.scope = KRUNC_SCOPE_THREAD, .flags = KRUNC_NO_CALIBRATION});
    EXPECT_THAT(run.output, HasSubstr(std::string("counters are read by ") + krunc::way_name(session.facts().way)));
    for (unsigned bit = 0; bit < 32; ++bit)
        if (const krunc::Error error{session.facts().counter_errors[bit]}) {
            EXPECT_THAT(run.output,
                        HasSubstr(std::string("no ") + krunc::counter_name(1U << bit) + ": " + error.message()));
        }
    EXPECT_THAT(run.output, HasSubstr("sum_of_array/1024\n"));
}

} // namespace
