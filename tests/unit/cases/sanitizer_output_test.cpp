// SPDX-License-Identifier: MIT
#include "cases/sanitizer_output.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

TEST(SanitizerFinding, IsNamedWithoutTheNumberOfTheProcess)
{
    for (const char *finding : {"ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6060 at pc 0x55",
                                "ERROR: LeakSanitizer: detected memory leaks", "Invalid read of size 8",
                                "Conditional jump or move depends on uninitialised value(s)",
                                "48 bytes in 1 blocks are definitely lost in loss record 2 of 3"})
        EXPECT_EQ(sanitizer_finding(std::string("==123==    ") + finding), finding);
    EXPECT_EQ(sanitizer_finding("WARNING: ThreadSanitizer: data race (pid=12)"),
              "WARNING: ThreadSanitizer: data race (pid=12)");
    EXPECT_EQ(sanitizer_finding("a.cpp:3:4: runtime error: signed integer overflow"),
              "a.cpp:3:4: runtime error: signed integer overflow");
}

TEST(SanitizerFinding, IsNothingElseThatIsSaid)
{
    for (const char *line :
         {"==123== Memcheck, a memory error detector", "==123==    definitely lost: 0 bytes in 0 blocks",
          "==123== ERROR SUMMARY: 0 errors from 0 contexts", "[       OK ] Session.Opens (1 ms)",
          "==", "--123-- WARNING: unhandled amd64-linux syscall: 902", ""})
        EXPECT_EQ(sanitizer_finding(line), "") << line;
}

TEST(SanitizerFinding, IsNotThatThreadSanitizerCannotStart)
{
    const std::string line = "FATAL: ThreadSanitizer: unexpected memory mapping 0x55d1-0x55d2";
    EXPECT_TRUE(lacks_address_space(line));
    EXPECT_EQ(sanitizer_finding(line), "");
    EXPECT_FALSE(lacks_address_space("WARNING: ThreadSanitizer: data race (pid=12)"));
}

} // namespace
} // namespace krun
