// SPDX-License-Identifier: MIT
// What KRUNC_DISABLE leaves of a program that measures: nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "disabled_mode.hpp"
#include "every_name.hpp"
#include "program.hpp"

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// `measured` has all that a program does around its work; `plain` is the work.
constexpr const char *source = R"(
#include <krun/counters.hpp>
long work(long);
long measured(long input)
{
    auto opened = krunc::Session::open({.cpus = {1, 2}, .counters = KRUNC_CYCLES, .flags = KRUNC_RENDEZVOUS});
    if (!opened)
        return -1;
    krunc::Session session = std::move(*opened);
    krunc::Measurement measurement(session, KRUNC_SUBTRACT_COST);
    krunc::Region region(measurement);
    const auto start = session.read(KRUNC_CYCLES);
    const auto counter = session.thread_counter(KRUNC_CYCLES);
    long result = work(input);
    if (const auto end = session.read(KRUNC_CYCLES); end && start)
        result += static_cast<long>(*end - *start);
    if (counter)
        result += static_cast<long>(counter->read().value_or(0));
    region.end();
    if (measurement.error())
        return -2;
    for (const krunc::Delta &delta : measurement.deltas())
        if (const auto cycles = delta.cycles())
            result += static_cast<long>(*cycles);
    if (const krunc::Delta *own = measurement.own())
        if (const auto verdict = session.judge(*own); verdict && !verdict->clean())
            return -3;
    return result;
}
long plain(long input) { return work(input); }
)";

class Disabled : public testing::Test
{
  protected:
    void SetUp() override
    {
        std::string name = (fs::temp_directory_path() / "krun-disabled-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        std::ofstream(folder_ / "source.cpp") << source;
    }
    void TearDown() override { fs::remove_all(folder_); }

    [[nodiscard]] std::string made() const { return (folder_ / "made").string(); }
    // `options`: -c for an object, -S for what the compiler makes of it.
    void compile(const std::string &options)
    {
        const auto compiled = run_program("c++ -std=c++20 -Wall -Wextra -Werror -I" KRUN_SOURCE_DIR "/include " +
                                          options + " -o " + made() + " " + (folder_ / "source.cpp").string());
        ASSERT_EQ(compiled.status, 0) << compiled.output;
    }
    // Of a function in what -S has made: no labels, no directives.
    [[nodiscard]] std::vector<std::string> instructions(const std::string &function) const
    {
        std::vector<std::string> found;
        std::ifstream file(made());
        bool inside = false;
        for (std::string line; std::getline(file, line);) {
            if (line == function + ":")
                inside = true;
            else if (inside && line.find(".cfi_endproc") != std::string::npos)
                break;
            else if (inside && line.starts_with('\t') && !line.starts_with("\t."))
                found.push_back(line.substr(1));
        }
        return found;
    }

  private:
    fs::path folder_;
};

TEST_F(Disabled, LeavesNoInstruction)
{
    compile("-O2 -DKRUNC_DISABLE -S");
    EXPECT_EQ(instructions("_Z8measuredl"), instructions("_Z5plainl"));
    EXPECT_THAT(instructions("_Z5plainl"), testing::Contains(HasSubstr("_Z4workl")));
}

TEST_F(Disabled, NeedsNoSymbolOfTheLibraryWithoutOptimisationEither)
{
    compile("-O0 -DKRUNC_DISABLE -c");
    const auto symbols = run_program("nm -u " + made());
    ASSERT_THAT(symbols.output, HasSubstr("_Z4workl"));
    EXPECT_THAT(symbols.output, Not(HasSubstr("krunc_")));
}

TEST_F(Disabled, LeavesABenchmarkWithoutTheLibrary)
{
    const auto compiled =
        run_program("c++ -std=c++20 -Wall -Wextra -Werror -DKRUNC_DISABLE -c -I" KRUN_SOURCE_DIR "/include -o " +
                    made() + " " KRUN_SOURCE_DIR "/docs/examples/benchmark.cpp");
    ASSERT_EQ(compiled.status, 0) << compiled.output;
    EXPECT_THAT(run_program("nm -u " + made()).output, Not(HasSubstr("krunc_")));
}

TEST_F(Disabled, IsWhatTheMacroDoes)
{
    compile("-O2 -c");
    EXPECT_THAT(run_program("nm -u " + made()).output, HasSubstr("krunc_get_samplers"));
}

TEST_F(Disabled, CompilesWithoutExceptionsAndSoDoesTheOtherMode)
{
    compile("-O2 -fno-exceptions -DKRUNC_DISABLE -c");
    compile("-O2 -fno-exceptions -c");
}

TEST(DisabledMode, HasEveryNameAndDoesNothing)
{
    const DisabledMode used = use_every_name_disabled();
    EXPECT_TRUE(used.opened);
    EXPECT_TRUE(used.sampled);
    EXPECT_EQ(used.readings, 0U);
    EXPECT_EQ(used.deltas, 0U);
    EXPECT_FALSE(used.has_own);
    EXPECT_EQ(used.texts, "");
}

// In the same program: the two modes share no inline function.
TEST(DisabledMode, OfOneFileLeavesTheOthersMeasuring)
{
    const EveryName used = use_every_name();
    EXPECT_TRUE(used.opened);
    EXPECT_TRUE(used.sampled);
    EXPECT_EQ(used.readings, 1U);
    EXPECT_EQ(used.deltas, 1U);
    EXPECT_TRUE(used.has_own);
    EXPECT_NE(used.texts, "");
}

} // namespace
