// SPDX-License-Identifier: MIT
// kernel/krun/Kbuild stops the build of a tree whose own vectors have ours among them: such a machine would take one
// interrupt for another.
#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

// What make says of a tree whose header has ours and one more definition.
ProcessResult with_definition(const std::string &definition)
{
    Sandbox sandbox;
    const auto header = sandbox.root() / "arch/x86/include/asm/irq_vectors.h";
    std::filesystem::create_directories(header.parent_path());
    write_text(header, "#define SPURIOUS_APIC_VECTOR\t\t0xff\n" + definition +
                           "\n/* ours */\n#define KRUN_VECTOR\t\t\t0xf5\n#define NR_VECTORS\t\t\t 256\n");
    write_text(sandbox.root() / "makefile", "include " KRUN_SOURCE_DIR "/kernel/krun/Kbuild\nall: ; @echo free\n");
    return sandbox.run({"make", "-s", "-C", sandbox.root().string(), "srctree=.", "all"});
}

TEST(VectorTest, ItIsFreeIfNobodyElseHasItsNumber)
{
    for (const char *other : {"", "#define A_VECTOR 0xf4", "#define A_VECTOR 0xf50", "#define A_VECTOR 0xf",
                              "#define FIRST_SYSTEM_VECTOR KRUN_VECTOR", "/* #define A_VECTOR 0xf5 */"}) {
        const auto result = with_definition(other);
        EXPECT_EQ(result.output, "free\n") << other << ": " << result.errors;
    }
}

TEST(VectorTest, ItIsNotHoweverTheOtherIsWritten)
{
    for (const char *other :
         {"#define A_VECTOR\t\t0xf5", "#define A_VECTOR 0xF5", "#define A_VECTOR 0Xf5", "# define A_VECTOR 0xf5",
          "#define A_VECTOR (0xf5)", "#define A_VECTOR 0xf5U", "#define A_VECTOR 0xf5 /* whose? */",
          "#define A_VECTOR 0xf5 // whose?", "#define a2_vector 0xf5", "#define A_VECTOR 245", "#define A_VECTOR 0x0f5",
          "#define A_VECTOR (0xf0 + 5)", "#define A_VECTOR\t(0xf5UL)"}) {
        const auto result = with_definition(other);
        EXPECT_FALSE(result.ok()) << other;
        EXPECT_NE(result.errors.find("KRUN_VECTOR, 245, is not free"), std::string::npos) << other << result.errors;
    }
}

} // namespace
} // namespace krun
