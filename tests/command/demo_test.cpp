// SPDX-License-Identifier: MIT
// `krunctl demo` when one of the two things that it builds side by side fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class DemoTest : public testing::Test
{
  protected:
    Sandbox sandbox;
};

TEST_F(DemoTest, AQemuThatCannotBeMadeEndsTheKernelsBuildToo)
{
    sandbox.environment["KRUN_TEST_MARKER"] = (sandbox.root() / "marker").string(); // make would wait for ever
    const auto result = sandbox.run({"timeout", "120", KRUNCTL, "demo"});
    EXPECT_EQ(result.status, 4) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("krunctl: error: "));
    EXPECT_THAT(result.errors, HasSubstr("qemu"));
    EXPECT_THAT(result.errors, Not(HasSubstr("error: interrupted")));
    EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
}

TEST_F(DemoTest, AKernelThatCannotBeBuiltIsTheErrorThatIsReported)
{
    write_text(sandbox.root() / "qemu/qemu-system-x86_64", "");
    sandbox.environment["KRUN_TESTBED_QEMU"] = (sandbox.root() / "qemu").string();
    sandbox.cut_network();
    const auto result = sandbox.krunctl({"demo"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("error: cannot update the index of the Debian archive: "));
}

} // namespace
} // namespace krun
