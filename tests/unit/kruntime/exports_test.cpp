// SPDX-License-Identifier: MIT
// The library file as a client's loader sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "machine/elf_dependencies.hpp"
#include "util/process.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAreArray;
using testing::StartsWith;

const std::vector<std::string> exported = {
    "Java_IterationsRunner_JNI_1krun_1clock_1gettime_1monotonic",
    "Java_IterationsRunner_JNI_1krun_1done",
    "Java_IterationsRunner_JNI_1krun_1get_1aperf",
    "Java_IterationsRunner_JNI_1krun_1get_1core_1cycles",
    "Java_IterationsRunner_JNI_1krun_1get_1mperf",
    "Java_IterationsRunner_JNI_1krun_1get_1num_1cores",
    "Java_IterationsRunner_JNI_1krun_1get_1wallclock",
    "Java_IterationsRunner_JNI_1krun_1init",
    "Java_IterationsRunner_JNI_1krun_1measure",
    "krun_check_mdata",
    "krun_clock_gettime_monotonic",
    "krun_done",
    "krun_get_aperf",
    "krun_get_aperf_double",
    "krun_get_core_cycles",
    "krun_get_core_cycles_double",
    "krun_get_mperf",
    "krun_get_mperf_double",
    "krun_get_num_cores",
    "krun_get_wallclock",
    "krun_init",
    "krun_measure",
    "krun_u64_to_double",
    "krun_xcalloc",
};

TEST(KruntimeLibrary, ExportsWhatTheOriginalDoesAndNothingElse)
{
    if (!program_on_path("nm"))
        GTEST_SKIP() << "there is no nm";
    SystemProcessRunner runner;
    Command command;
    command.argv = {"nm", "--dynamic", "--defined-only", KRUNTIME_LIBRARY};
    const auto listed = runner.run_ok(command);
    ASSERT_TRUE(listed) << listed.error().message;
    std::vector<std::string> names;
    for (const auto &line : lines_of(listed->output)) {
        const auto words = words_of(line); // address, kind, name: no version after it
        ASSERT_EQ(words.size(), 3u) << line;
        EXPECT_EQ(words[1], "T") << line;
        names.push_back(words[2]);
    }
    EXPECT_THAT(names, ElementsAreArray(exported));
}

TEST(KruntimeLibrary, NeedsTheCLibraryAlone)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "a sanitizer needs more";
#endif
    const auto elf = read_elf(KRUNTIME_LIBRARY);
    ASSERT_TRUE(elf);
    for (const auto &library : elf->needed)
        EXPECT_THAT(library, testing::AnyOf(StartsWith("libc.so."), StartsWith("ld-linux-x86-64.so.")));
    EXPECT_FALSE(elf->needed.empty());
}

} // namespace
} // namespace krun
