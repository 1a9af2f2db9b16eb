// SPDX-License-Identifier: MIT
// <linux/krun.h> as programs compile it: of 64 bits and of 32, in C and in C++, with all warnings.
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"

namespace krun
{
namespace
{

// Offsets of version 1, which never change.
constexpr const char *program = R"(
#include <linux/krun.h>
#include <stddef.h>
#ifdef __cplusplus
#define ASSERT(...) static_assert(__VA_ARGS__, "")
#else
#define ASSERT(...) _Static_assert(__VA_ARGS__, "")
#endif
ASSERT(KRUN_VERSION == 1);
ASSERT(sizeof(struct krun_slot) == 256 && sizeof(struct krun_plan) == 96 && sizeof(struct krun_info) == 32);
ASSERT(KRUN_IOC_SAMPLE == 0xDE00 && KRUN_IOC_SEAL == 0xDE03);
ASSERT(KRUN_IOC_PLAN == 0x4060DE01 && KRUN_IOC_INFO == 0x8020DE02);
ASSERT(offsetof(struct krun_slot, cpu) == 4 && offsetof(struct krun_slot, status) == 8);
ASSERT(offsetof(struct krun_slot, flags) == 10 && offsetof(struct krun_slot, valid) == 12);
ASSERT(offsetof(struct krun_slot, sample) == 16 && offsetof(struct krun_slot, epoch) == 20);
ASSERT(offsetof(struct krun_slot, span) == 24 && offsetof(struct krun_slot, tsc) == 32);
ASSERT(offsetof(struct krun_slot, aperf) == 40 && offsetof(struct krun_slot, instructions) == 64);
ASSERT(offsetof(struct krun_slot, smi) == 72 && offsetof(struct krun_slot, switches) == 76);
ASSERT(offsetof(struct krun_slot, irq_timer) == 80 && offsetof(struct krun_slot, irq_other) == 100);
ASSERT(offsetof(struct krun_slot, thermal) == 104 && offsetof(struct krun_slot, package_thermal) == 108);
ASSERT(offsetof(struct krun_slot, own) == 112 && offsetof(struct krun_slot, events) == 128);
ASSERT(offsetof(struct krun_slot, reserved2) == 160);
ASSERT(offsetof(struct krun_plan, counters) == 4 && offsetof(struct krun_plan, cpus) == 8);
ASSERT(offsetof(struct krun_plan, shield) == 16 && offsetof(struct krun_plan, cpus_size) == 24);
ASSERT(offsetof(struct krun_plan, shield_size) == 28 && offsetof(struct krun_plan, events) == 32);
ASSERT(offsetof(struct krun_info, slot_size) == 20 && offsetof(struct krun_info, counter_bits) == 28);
ASSERT(KRUN_COUNTER_SMI == 32 && KRUN_COUNTER_PACKAGE_THERMAL == 512 && KRUN_COUNTER_EVENT(3) == 1U << 19);
ASSERT(KRUN_PLAN_SHIELD == 1U << 16 && KRUN_STATUS_SHIELDED == 7);
)";

class KrunHeaderTest : public testing::Test
{
  protected:
    void expect_to_compile(const std::vector<std::string> &compiler)
    {
        ASSERT_TRUE(files.write(folder.path() / "program.c", program));
        Command compile;
        compile.argv = compiler;
        // The system's headers are found by their 64-bit path alone.
        compile.argv.insert(compile.argv.end(),
                            {"-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-isystem",
                             "/usr/include/x86_64-linux-gnu", "-I", KRUN_UAPI, (folder.path() / "program.c").string()});
        const auto compiled = runner.run_ok(compile);
        EXPECT_TRUE(compiled) << compiled.error().message;
    }
    TemporaryFolder folder;
    SystemFilesystem files;
    SystemProcessRunner runner;
};

TEST_F(KrunHeaderTest, HasTheSameLayoutAndNumbersInEveryProgram)
{
    for (const char *bits : {"-m64", "-m32"}) {
        expect_to_compile({"gcc", bits, "-std=c11"});
        expect_to_compile({"gcc", bits, "-x", "c++", "-std=c++17"});
    }
}

} // namespace
} // namespace krun
