// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "source/apt_archive.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

const std::vector<std::string> suites = {"bookworm-security"};

class AptArchiveTest : public testing::Test
{
  protected:
    AptArchiveTest()
    {
        runner.succeeds({"apt-config"}); // nothing is configured
        runner.succeeds({"apt-get", "-q", "update"});
        runner.on({"apt-get", "indextargets"}, 0,
                  "Packages|Debian|bookworm-security|http://s.example/|/etc/a.list:1\n");
        runner.on({"dpkg", "--compare-versions"}, [](const Command &command) {
            ProcessResult result;
            result.status = command.argv[2] > command.argv[4] ? 0 : 1; // good enough for these versions
            return result;
        });
        runner.on({"apt-cache", "madison"}, 0,
                  " linux | 6.1 | http://s.example b/main amd64 Packages\n"
                  " linux | 6.3 | http://s.example b/main amd64 Packages\n"
                  " linux | 6.2 | http://s.example b/main amd64 Packages\n"
                  " linux | 6.9 | http://s.example b/main Sources\n");
    }
    [[nodiscard]] std::size_t updates() const { return runner.count({"apt-get", "-q", "update"}); }
    [[nodiscard]] std::string configuration()
    {
        return files.read(folder.path() / "deb-bookworm-security/apt.conf").value_or("");
    }

    TemporaryFolder folder; // a real one for the lock
    FakeProcessRunner runner;
    FakeFilesystem files;
    AptArchive archive{Env{runner, files}, folder.path()};
};

TEST_F(AptArchiveTest, NewestIsDecidedByDpkgNotByOrder)
{
    EXPECT_EQ(archive.newest_version("linux", suites).value(), "6.3");
}

TEST_F(AptArchiveTest, AFreshIndexIsNotUpdatedAgain)
{
    ASSERT_TRUE(archive.newest_version("linux", suites));
    ASSERT_TRUE(archive.newest_version("linux", suites));
    EXPECT_EQ(updates(), 1U);
}

TEST_F(AptArchiveTest, AnIndexOlderThanADayIsUpdated)
{
    ASSERT_TRUE(archive.newest_version("linux", suites));
    files.contents[folder.path() / "deb-bookworm-security/updated"] = "1000\n";
    ASSERT_TRUE(archive.newest_version("linux", suites));
    EXPECT_EQ(updates(), 2U);
}

TEST_F(AptArchiveTest, APackageThatIsNotFoundIsLookedForInAFreshIndex)
{
    ASSERT_TRUE(archive.newest_version("linux", suites));
    const auto missing = archive.newest_version("other", suites);
    EXPECT_EQ(updates(), 2U);
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("no package other"));
}

TEST_F(AptArchiveTest, WithoutNetworkTheOldIndexServes)
{
    runner.on({"apt-get", "-q", "update"}, 100, "", "E: Failed to fetch http://s.example  Could not resolve\n");
    EXPECT_EQ(archive.newest_version("linux", suites).value(), "6.3");
}

TEST_F(AptArchiveTest, WithoutNetworkAndIndexTheErrorIsAptsFirst)
{
    runner.on({"apt-get", "-q", "update"}, 100, "", "W: Could not resolve\nE: Some index files failed\n");
    runner.on({"apt-cache", "madison"}, 0, "");
    const auto version = archive.newest_version("linux", suites);
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().code, ExitCode::failure);
    EXPECT_THAT(version.error().message, HasSubstr("Could not resolve"));
    EXPECT_THAT(version.error().hint, HasSubstr("network"));
}

TEST_F(AptArchiveTest, ADamagedDownloadIsFetchedAgain)
{
    const auto deb = folder.path() / "packages/linux_6.3.deb";
    files.add(deb, "damaged");
    runner.on({"apt-cache", "show"}, 0, "Package: linux\nSHA256: " + std::string(64, 'a') + "\n");
    runner.on({"sha256sum"}, [this](const Command &command) {
        ProcessResult result;
        result.output = std::string(64, files.contents[command.argv.back()] == "good" ? 'a' : 'b') + "  file\n";
        return result;
    });
    std::string arriving = "changed on the way";
    runner.on({"apt-get", "-q", "-o", "APT::Status-Fd=1", "download"}, [&](const Command &command) {
        files.add(command.directory / "linux_6.3_all.deb", arriving);
        return ProcessResult{};
    });
    const auto refused = archive.download("linux", suites);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("is not what the index of the Debian archive says"));
    EXPECT_FALSE(files.exists(deb));
    arriving = "good";
    EXPECT_EQ(archive.download("linux", suites).value(), deb);
    EXPECT_EQ(files.contents[deb], "good");
}

TEST_F(AptArchiveTest, AnIntactDownloadIsUsedAsItIs)
{
    const auto deb = folder.path() / "packages/linux_6.3.deb";
    files.add(deb, "good");
    runner.on({"apt-cache", "show"}, 0, "SHA256: " + std::string(64, 'a') + "\n");
    runner.on({"sha256sum"}, 0, std::string(64, 'a') + "  file\n");
    EXPECT_EQ(archive.download("linux", suites).value(), deb);
    EXPECT_EQ(runner.count({"apt-get", "-q", "-o"}), 0U);
}

TEST_F(AptArchiveTest, AFailedDownloadLeavesNoPartialFolder)
{
    runner.on({"apt-get", "-q", "-o", "APT::Status-Fd=1", "download"}, 100, "", "E: Hash Sum mismatch\n");
    const auto deb = archive.download("linux", suites);
    ASSERT_FALSE(deb);
    EXPECT_THAT(deb.error().message, HasSubstr("Hash Sum mismatch"));
    EXPECT_FALSE(files.exists(folder.path() / "packages.partial"));
}

TEST_F(AptArchiveTest, KnownVersionAsksNothingOfTheNetworkAndWritesNothing)
{
    EXPECT_EQ(archive.known_version("linux", suites).value(), "");
    EXPECT_TRUE(files.written.empty());
    EXPECT_TRUE(runner.commands.empty());
}

TEST_F(AptArchiveTest, OfTheMachinesConfigurationOnlyTransportAndTrustAreTakenOver)
{
    runner.on({"apt-config", "dump"}, 0,
              "APT::Default-Release \"stable\";\nDir::State::lists \"/own/lists\";\nDir::Cache::archives \"/own\";\n"
              "APT::Update::Post-Invoke:: \"touch /own/hook\";\nDPkg::Pre-Invoke:: \"touch /own/hook\";\n"
              "Acquire::http::Proxy \"http://proxy.example:3128\";\nacquire::Retries \"7\";\n"
              "Acquire::IndexTargets::deb::Contents-deb::MetaKey \"Contents\";\nAcquireX::y \"z\";\n"
              "Acquire::x \"a\" b\";\nAPT::Key::Assert-Pubkey-Algo \"ed25519\";\n");
    runner.succeeds({"apt-config", "shell", "user"});
    runner.on({"apt-config", "shell"}, 0, "trusted='/own/k'\\''s.gpg'\ntrustedparts='/own/trusted.gpg.d/'\n");
    ASSERT_TRUE(archive.newest_version("linux", suites));
    const auto text = configuration();
    for (const auto *line : {"Acquire::http::Proxy \"http://proxy.example:3128\";\n", "acquire::Retries \"7\";\n",
                             "APT::Key::Assert-Pubkey-Algo \"ed25519\";\n", "Dir::Etc::trusted /own/k%27s.gpg;\n",
                             "Dir::Etc::trustedparts /own/trusted.gpg.d/;\n", "Dir::Etc::parts \"/dev/null\";\n"})
        EXPECT_THAT(text, HasSubstr(line));
    for (const auto *word : {"Default-Release", "/own/lists", "archives", "hook", "Contents", "AcquireX", "Acquire::x"})
        EXPECT_THAT(text, testing::Not(HasSubstr(word)));
    for (const auto &command : runner.commands) {
        const bool is_private =
            command.argv.front() == "apt-cache" || (command.argv.size() > 2 && command.argv[2] == "update");
        EXPECT_EQ(command.environment.count("APT_CONFIG"), is_private ? 1U : 0U) << command.argv.front();
    }
}

TEST_F(AptArchiveTest, ACacheOfAnyNameIsWrittenAsAptReadsIt)
{
    AptArchive odd{Env{runner, files}, folder.path() / "a \"b\"; c//d"};
    ASSERT_TRUE(odd.newest_version("linux", suites));
    const auto text = files.read(folder.path() / "a \"b\"; c/d/deb-bookworm-security/apt.conf").value_or("") +
                      files.read(folder.path() / "a \"b\"; c//d/deb-bookworm-security/apt.conf").value_or("");
    EXPECT_THAT(text, HasSubstr("/a%20%22b%22%3b%20c/d/deb-bookworm-security/state;\n"));
}

TEST_F(AptArchiveTest, DependenciesAreNamesTheFirstOfAlternatives)
{
    runner.on({"apt-cache", "show", "linux=6.3"}, 0,
              "Package: linux\nPre-Depends: dpkg\nDepends: linux-image-6.1.0-1-amd64 (= 6.3), gcc-12 | gcc, kmod\n"
              "Description: a kernel\n Depends: on you\n");
    EXPECT_EQ(archive.dependencies("linux", suites).value(),
              (std::vector<std::string>{"linux-image-6.1.0-1-amd64", "gcc-12", "kmod"}));
    runner.on({"apt-cache", "show", "linux=6.3"}, 100, "", "E: No packages found\n");
    EXPECT_FALSE(archive.dependencies("linux", suites));
}

TEST_F(AptArchiveTest, SeveralPackagesMayBeUnpackedTogether)
{
    runner.succeeds({"dpkg-deb", "-x"});
    ASSERT_TRUE(archive.unpack({"/a.deb", "/b.deb"}, "/out/folder"));
    EXPECT_EQ(runner.count({"dpkg-deb", "-x"}), 2U);
    runner.on({"dpkg-deb", "-x", "/b.deb"}, 2, "", "dpkg-deb: error: not a Debian format archive\n");
    EXPECT_FALSE(archive.unpack({"/a.deb", "/b.deb"}, "/out/other"));
    EXPECT_FALSE(files.exists("/out/other"));
}

TEST_F(AptArchiveTest, AFailedUnpackingLeavesNothing)
{
    runner.on({"dpkg-deb", "-x"}, 2, "", "dpkg-deb: error: not a Debian format archive\n");
    const auto unpacked = archive.unpack({"/x.deb"}, "/out/folder");
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().kind, ErrorKind::damaged);
    EXPECT_FALSE(files.exists("/out/folder"));
    EXPECT_FALSE(files.exists("/out/folder.partial"));
}

TEST_F(AptArchiveTest, AFullDiskIsNotTakenForADamagedPackage)
{
    runner.on({"dpkg-deb", "-x"}, 2, "",
              "tar: ./usr/src/x: Cannot write: No space left on device\ndpkg-deb: error: tar\n");
    const auto unpacked = archive.unpack({"/x.deb"}, "/out/folder");
    ASSERT_FALSE(unpacked);
    EXPECT_EQ(unpacked.error().kind, ErrorKind::no_space);
    EXPECT_FALSE(files.exists("/out/folder.partial"));
}

TEST_F(AptArchiveTest, AVersionThatIsNotTheNewestAnyMoreIsNotTakenForIt)
{
    const auto downloaded = archive.download("linux", suites, "6.2");
    ASSERT_FALSE(downloaded);
    EXPECT_THAT(downloaded.error().message, HasSubstr("has had linux 6.2, and now has 6.3"));
    EXPECT_EQ(runner.count({"apt-get", "-q", "-o"}), 0U);
}

} // namespace
} // namespace krun
