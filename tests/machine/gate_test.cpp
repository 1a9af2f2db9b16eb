// SPDX-License-Identifier: MIT
// `krunctl gate` on packages that do not mean well: nothing of them runs on the host, and nothing of the host gets into
// the guest.
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../command/sandbox.hpp"
#include "self/krunctl.hpp"
#include "test_kernel.hpp"
#include "util/text.hpp"

namespace
{

using testing::HasSubstr;
using testing::Not;

// Run as $1 = the folder of the selftests in the package, in the sandbox's root.
constexpr const char *good_selftest =
    "printf 'int puts(const char *); int main(void) { puts(\"1..1\"); puts(\"ok 1 good\"); }' > good.c && "
    "gcc -static -o \"$1/good_test\" good.c";
// A library whose constructor leaves a mark; ld.so loads it even for ldd.
constexpr const char *auditing_selftest =
    "printf '#include <stdio.h>\\nunsigned la_version(unsigned v) { fclose(fopen(\"%s\", \"w\")); return v; }' "
    "\"$PWD/mark\" > audit.c && gcc -shared -fPIC -o \"$PWD/audit.so\" audit.c && "
    "printf 'int puts(const char *); int main(void) { puts(\"1..1\"); puts(\"ok 1 audited\"); }' > prog.c && "
    "gcc -o \"$1/audited_test\" prog.c -Wl,--audit,\"$PWD/audit.so\"";
constexpr const char *link_to_the_host =
    "echo secret > secret && chmod 600 secret && ln -s \"$PWD/secret\" \"$1/link_test\"";

class Gate : public WithTestKernel
{
  protected:
    // The verdict on a package with the selftests that the script makes.
    krun::ProcessResult gate(const std::string &script)
    {
        const auto release = krun::trim(boot({}, {"uname", "-r"}).output);
        const auto work = sandbox.root() / "deb";
        const auto selftests = work / "usr/lib/krun" / release / "selftests";
        std::filesystem::create_directories(selftests);
        std::filesystem::create_directories(work / "boot");
        std::filesystem::copy_file(kernel(), work / "boot" / ("vmlinuz-" + release));
        krun::write_text(work / "usr/share/krun" / release / "metadata.json", "{}\n");
        krun::write_text(work / "DEBIAN/control", "Package: linux-image-" + release +
                                                      "\nVersion: 1-1\nArchitecture: amd64\nMaintainer: A Test "
                                                      "<test@example.org>\nDescription: a package for tests\n");
        EXPECT_EQ(sandbox.run({"sh", "-ec", script, "sh", selftests.string()}).status, 0);
        const auto deb = (sandbox.root() / "kernel.deb").string();
        EXPECT_EQ(sandbox.run({"dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", work.string(), deb}).status, 0);
        sandbox.environment["XDG_CACHE_HOME"] = krun::cache_directory().parent_path(); // where the testbed's QEMU is
        sandbox.environment.erase("KRUN_DATA");                                        // and its patches
        return sandbox.krunctl({"gate", deb});
    }

    krun::Sandbox sandbox;
};

TEST_F(Gate, AProgramThatNamesAnAuditingLibraryIsNotRunOnTheHost)
{
    const auto ran = gate(auditing_selftest);
    EXPECT_EQ(ran.status, 1) << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("audited_test: not a static program"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.root() / "mark"));
}

TEST_F(Gate, ALinkIsNotFollowed)
{
    const auto ran = gate(link_to_the_host);
    EXPECT_EQ(ran.status, 1) << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("link_test: not a static program"));
    EXPECT_THAT(ran.output, Not(HasSubstr("secret")));
}

TEST_F(Gate, AStaticSelftestRuns)
{
    const auto ran = gate(good_selftest);
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("3 passed, 0 failed"));
}

} // namespace
