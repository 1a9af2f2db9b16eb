// SPDX-License-Identifier: MIT
// The script `krun` on machines that lack something: it is run with a PATH of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class WrapperTest : public testing::Test
{
  protected:
    WrapperTest()
    {
        std::filesystem::create_directories(programs);
        for (const char *name : {"bash", "dirname", "readlink", "grep", "env"})
            std::filesystem::create_symlink(std::filesystem::path("/usr/bin") / name, programs / name);
    }
    void add_program(const std::string &name, const std::string &script)
    {
        write_text(programs / name, "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(programs / name, std::filesystem::perms::owner_all);
    }
    ProcessResult wrapper()
    {
        return sandbox.run({"/usr/bin/env", "PATH=" + programs.string(), "KRUN_NO_INSTALL=1", "/usr/bin/bash",
                            KRUN_SOURCE_DIR "/krun", "lines"});
    }
    Sandbox sandbox;
    std::filesystem::path programs = sandbox.root() / "programs";
};

TEST_F(WrapperTest, NamesTheCommandInsteadOfInstallingWhenToldSo)
{
    add_program("dpkg-query", "case $4 in flex) exit 1;; esac; echo 'install ok installed'");
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("krun: error: packages are missing: flex\n"));
    EXPECT_THAT(result.errors, HasSubstr("apt-get install --no-install-recommends -y flex\n"));
}

TEST_F(WrapperTest, APackageThatWasRemovedIsMissingToo)
{
    add_program("dpkg-query",
                "case $4 in flex) echo 'deinstall ok config-files';; *) echo 'install ok installed';; esac");
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("packages are missing: flex\n"));
}

TEST_F(WrapperTest, ASystemWithoutDpkgIsToldApart)
{
    const auto result = wrapper();
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.errors, HasSubstr("not a Debian system"));
    EXPECT_THAT(result.errors, HasSubstr("hint: install what packaging/build-packages.txt names"));
}

} // namespace
} // namespace krun
