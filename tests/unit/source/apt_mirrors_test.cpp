// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "source/apt_settings.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

constexpr const char *three_targets = "Packages|Other|stable|http://third.example/|/etc/a.list:1\n"
                                      "Translations|Debian|bookworm|http://wrong.example/|/etc/d.sources:1\n"
                                      "Packages|Debian|bookworm-updates|http://main.example/debian/|/etc/d.sources:1\n"
                                      "Packages|Debian|bookworm-security|http://sec.example/|/etc/d.sources:2\n";

TEST(AptMirrors, TellsMainAndSecurityApartAndIgnoresOthers)
{
    FakeProcessRunner runner;
    FakeFilesystem files;
    runner.on({"apt-get", "indextargets"}, 0, three_targets);
    files.add("/etc/d.sources", "# only a comment\n\nTypes: deb\n# inside\nSigned-By: /main.gpg\n\n\n"
                                "Types: deb\nSigned-By:\n -----BEGIN\n .\n key\nTrusted: yes\nSuites: x\n");
    const auto mirrors = find_apt_mirrors(Env{runner, files});
    ASSERT_TRUE(mirrors);
    EXPECT_EQ(mirrors->main.uri, "http://main.example/debian/");
    EXPECT_EQ(mirrors->main.options, "Signed-By: /main.gpg\n");
    EXPECT_EQ(mirrors->security.uri, "http://sec.example/");
    EXPECT_EQ(mirrors->security.options, "Signed-By:\n -----BEGIN\n .\n key\nTrusted: yes\n");
}

TEST(AptMirrors, ReadsOptionsOfAOneLineEntry)
{
    FakeProcessRunner runner;
    FakeFilesystem files;
    runner.on({"apt-get", "indextargets"}, 0, "Packages|Debian|trixie|http://main.example/|/etc/a.list:2\n");
    files.add("/etc/a.list",
              "# deb [signed-by=/wrong] x\ndeb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://x trixie main\n");
    const auto mirrors = find_apt_mirrors(Env{runner, files});
    ASSERT_TRUE(mirrors);
    EXPECT_EQ(mirrors->main.options, "Signed-By: /a.gpg /b.gpg\n");
}

TEST(AptMirrors, WithoutADebianArchiveTheHostLacksSomething)
{
    FakeProcessRunner runner;
    FakeFilesystem files;
    runner.on({"apt-get", "indextargets"}, 0, "Packages|Ubuntu|noble|http://u.example/|/etc/a.list:1\n");
    const auto mirrors = find_apt_mirrors(Env{runner, files});
    ASSERT_FALSE(mirrors);
    EXPECT_EQ(mirrors.error().code, ExitCode::host_lacks);
    EXPECT_THAT(mirrors.error().hint, HasSubstr("apt-get update"));
}

TEST(AptMirrors, EachSuiteComesFromItsArchive)
{
    AptMirrors mirrors;
    mirrors.main = {"http://main.example/", "Signed-By: /k\n"};
    mirrors.security = {"http://sec.example/", ""};
    EXPECT_EQ(sources_for(mirrors, {"trixie", "trixie-security", "bookworm-security"}, "deb-src").value(),
              "Types: deb-src\nURIs: http://main.example/\nSuites: trixie\nComponents: main\nSigned-By: /k\n\n"
              "Types: deb-src\nURIs: http://sec.example/\nSuites: trixie-security bookworm-security\n"
              "Components: main\n\n");
    mirrors.security.uri.clear();
    EXPECT_THAT(sources_for(mirrors, {"trixie", "trixie-security"}, "deb").value(), Not(HasSubstr("security")));
    EXPECT_EQ(sources_for(mirrors, {"trixie-security"}, "deb").error().code, ExitCode::host_lacks);
}

} // namespace
} // namespace krun
