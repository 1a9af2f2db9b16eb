// SPDX-License-Identifier: MIT
// `krunctl publish` with the real reprepro, gpg and apt: what it makes, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "publishing.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

TEST_F(PublishTest, AnotherKeyIsRefusedUnlessItIsAskedFor)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.a", "1").status, 0);
    must({"gpg", "--homedir", home().string(), "--batch", "--quiet", "--passphrase", "", "--quick-gen-key",
          "other <other@example.org>", "ed25519", "sign", "0"});
    const auto before = state();
    const auto deb = make_deb("linux-image-6.12.2.krun.b", "2");
    const auto refused = publish({deb, "--key", "other@example.org"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.errors, HasSubstr("the repository is signed with the key"));
    EXPECT_EQ(state(), before);
    EXPECT_EQ(publish({deb, "--key", "other@example.org", "--change-key"}).status, 0);
    EXPECT_THAT(index(), HasSubstr("linux-image-6.12.2.krun.b"));
}

TEST_F(PublishTest, AnIndexMayEndAndKeepsItsTimeUntilToldOtherwise)
{
    const auto release = [&] { return read_text(repository() / "dists/krun/Release"); };
    const auto with = [&](const std::string &version, std::vector<std::string> more) {
        more.insert(more.end(), {make_deb("linux-image-6.12." + version + ".krun.a", version), "--key", user});
        EXPECT_EQ(publish(more).status, 0);
    };
    with("1", {});
    EXPECT_THAT(release(), Not(HasSubstr("Valid-Until:")));
    with("2", {"--valid-for", "30"});
    EXPECT_THAT(release(), HasSubstr("Valid-Until:"));
    with("3", {});
    EXPECT_THAT(release(), HasSubstr("Valid-Until:"));
    with("4", {"--valid-for", "0"});
    EXPECT_THAT(release(), Not(HasSubstr("Valid-Until:")));
    EXPECT_EQ(publish({make_deb("a", "1"), "--key", user, "--valid-for", "4000"}).status, 2);
}

// reprepro skips it and is content.
TEST_F(PublishTest, AKernelThatWouldBeSkippedIsAnErrorAndNothingChanges)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.a", "6.12.1-2").status, 0);
    const auto before = state();
    const auto older = publish_kernel("6.12.1.krun.a", "6.12.1-1");
    EXPECT_EQ(older.status, 4);
    EXPECT_THAT(older.errors, HasSubstr("did not take linux-image-6.12.1.krun.a 6.12.1-1"));
    EXPECT_EQ(state(), before);
}

TEST_F(PublishTest, SignsAnIndexThatTheExportedKeyVerifies)
{
    const auto result = publish_kernel("6.12.1.krun.aa", "6.12.1-1");
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["suite"], "krun");
    EXPECT_EQ(json["packages"].size(), 2U);
    const auto keyring = (sandbox.root() / "fleet.gpg").string();
    must({"gpg", "--homedir", home().string(), "--batch", "--dearmor", "--output", keyring,
          (repository() / "krun-archive-keyring.asc").string()});
    must({"gpgv", "--keyring", keyring, (repository() / "dists/krun/InRelease").string()});
}

TEST_F(PublishTest, TheLinesPackageFollowsTheNewestKernel)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    EXPECT_THAT(index(), HasSubstr("Depends: linux-image-6.12.1.krun.aa (= 6.12.1-1)"));
    ASSERT_EQ(publish_kernel("6.12.2.krun.bb", "6.12.2-1").status, 0);
    EXPECT_THAT(index(), HasSubstr("Depends: linux-image-6.12.2.krun.bb (= 6.12.2-1)"));
    EXPECT_THAT(index(), HasSubstr("Version: 6.12.2+krun1"));
    EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.1.krun.aa")); // what is installed stays to be had
    ASSERT_EQ(publish_kernel("6.12.1.krun.cc", "6.12.1-1").status, 0);
    EXPECT_THAT(index(), HasSubstr("Version: 6.12.2+krun1"));
}

TEST_F(PublishTest, TheSamePackageAgainChangesNothing)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto before = index();
    const auto again =
        publish({(sandbox.root() / "linux-image-6.12.1.krun.aa_6.12.1-1_amd64.deb").string(), "--key", user});
    ASSERT_EQ(again.status, 0) << again.errors;
    EXPECT_EQ(index(), before);
    EXPECT_THAT(again.output, HasSubstr("Signed-By: /etc/apt/keyrings/krun-archive-keyring.asc"));
}

TEST_F(PublishTest, OtherContentsUnderTheSameVersionAreRefused)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto before = index();
    const auto other = publish_kernel("6.12.1.krun.aa", "6.12.1-1", "changed");
    EXPECT_EQ(other.status, 4);
    EXPECT_THAT(other.errors, HasSubstr("same name and version, but with other contents"));
    EXPECT_EQ(index(), before);
}

TEST_F(PublishTest, WhatIsNoKernelGetsNoLinePackage)
{
    const auto result = publish({make_deb("krunctl", "2.0"), "--key", user});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(index(), Not(HasSubstr("linux-image-krun")));
}

TEST_F(PublishTest, BadInputIsRefusedAndNothingIsMade)
{
    const auto deb = make_deb("linux-image-6.12.1.krun.aa", "6.12.1-1");
    expect_refused(publish({"none.deb", "--key", user}), 2, "there is no file none.deb");
    write_text(sandbox.root() / "text.deb", "no package");
    expect_refused(publish({(sandbox.root() / "text.deb").string(), "--key", user}), 2, "is not a Debian package");
    expect_refused(publish({make_deb("other", "1", "", "arm64"), "--key", user}), 2, "is for arm64, not for amd64");
    expect_refused(publish({deb, "--key", "nobody"}), 3, "you have no secret key nobody");
    expect_refused(publish({deb}), 2, "--key is required");
    expect_refused(publish({"--key", user}), 2, "DEB is required");
    write_text(repository() / "holiday.jpg", "");
    expect_refused(publish({deb, "--key", user}), 2, "contains something other");
}

TEST_F(PublishTest, APackageWithoutSectionOrPriorityIsPublishedToo)
{
    for (const std::string fields : {"", "Section: kernel\n", "Priority: optional\n"}) {
        place = fields;
        const auto name = "tool" + std::to_string(fields.size());
        const auto result = publish({make_deb(name, "1"), "--key", user});
        ASSERT_EQ(result.status, 0) << result.errors;
        EXPECT_THAT(index(), HasSubstr("Package: " + name + "\n"));
    }
    EXPECT_THAT(index(), HasSubstr("Section: misc\n"));
    EXPECT_THAT(index(), HasSubstr("Section: kernel\n"));
}

TEST_F(PublishTest, AFailureInTheMiddleLeavesTheRepositoryAsItWas)
{
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    const auto before = state();
    const auto fresh = make_deb("linux-image-6.12.2.krun.bb", "6.12.2-1");
    const auto changed = make_deb("linux-image-6.12.1.krun.aa", "6.12.1-1", "changed");
    EXPECT_EQ(publish({fresh, changed, "--key", user}).status, 4);
    EXPECT_EQ(state(), before);
    ASSERT_EQ(publish({fresh, "--key", user}).status, 0);
    EXPECT_THAT(index(), HasSubstr("Package: linux-image-6.12.2.krun.bb\n"));
    EXPECT_FALSE(std::filesystem::exists(repository() / "pool/main/l/linux-image-krun-6.12/"
                                                        "linux-image-krun-6.12_6.12.1+krun1_amd64.deb"));
}

TEST_F(PublishTest, AFailureOfTheFirstPublishLeavesNoRepository)
{
    const auto one = make_deb("tool", "1");
    std::filesystem::rename(one, sandbox.root() / "first.deb");
    const auto other = make_deb("tool", "1", "changed");
    EXPECT_EQ(publish({(sandbox.root() / "first.deb").string(), other, "--key", user}).status, 4);
    EXPECT_FALSE(std::filesystem::exists(repository()));
    // In a folder that was there, the next one still finds nothing that is not ours.
    std::filesystem::create_directory(repository());
    EXPECT_EQ(publish({(sandbox.root() / "first.deb").string(), other, "--key", user}).status, 4);
    EXPECT_EQ(publish({other, "--key", user}).status, 0);
}

TEST_F(PublishTest, WhatAKilledPublishHasLeftIsNoObstacle)
{
    write_text(repository() / ".krun-publish/db/half", "");
    ASSERT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
    EXPECT_FALSE(std::filesystem::exists(repository() / ".krun-publish"));
}

TEST_F(PublishTest, EverybodyCanReadTheRepositoryWhateverTheUmaskIs)
{
    const auto result = publish_with_umask("077", make_deb("linux-image-6.12.1.krun.aa", "6.12.1-1"));
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto unreadable = sandbox.run({"sh", "-c",
                                         "cd \"$0\"; find . dists pool *.asc -maxdepth 0 ! -perm -005 -type d; "
                                         "find dists pool *.asc ! -perm -004",
                                         repository().string()});
    EXPECT_EQ(unreadable.output, "") << unreadable.errors;
    EXPECT_THAT(index(), HasSubstr("Package: linux-image-krun-6.12\n"));
}

TEST_F(PublishTest, AFolderThatHandsItsGroupDownIsAPlaceForTheCacheAndTheRepository)
{
    for (const auto &folder : {repository(), sandbox.cache()}) {
        std::filesystem::create_directories(folder);
        must({"chmod", "2755", folder.string()});
    }
    const auto result = publish_with_umask("002", make_deb("linux-image-6.12.1.krun.aa", "6.12.1-1"));
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto line = repository() / "pool/main/l/linux-image-krun-6.12/linux-image-krun-6.12_6.12.1+krun1_amd64.deb";
    EXPECT_THAT(must({"dpkg-deb", "-c", line.string()}).output, testing::StartsWith("drwxr-xr-x root/root"));
}

TEST_F(PublishTest, VariablesForAnotherRepositoryMeanNothing)
{
    sandbox.environment["REPREPRO_CONFIG_DIR"] = "/none";
    sandbox.environment["REPREPRO_BASE_DIR"] = "/none";
    EXPECT_EQ(publish_kernel("6.12.1.krun.aa", "6.12.1-1").status, 0);
}

TEST_F(PublishTest, APackageThatIsAPipeIsRefused)
{
    must({"mkfifo", (sandbox.root() / "pipe.deb").string()});
    expect_refused(publish({(sandbox.root() / "pipe.deb").string(), "--key", user}), 2, "is a pipe or a device");
    expect_refused(publish({"/dev/null", "--key", user}), 2, "is a pipe or a device");
}

TEST_F(PublishTest, ADryRunNamesTheCommandAndChangesNothing)
{
    const auto deb = make_deb("linux-image-6.12.1.krun.aa", "6.12.1-1");
    const auto result = publish({deb, "--key", user, "--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("reprepro --basedir"));
    const auto as_json =
        nlohmann::json::parse(publish({deb, "--key", user, "--dry-run", "--json"}).output, nullptr, false);
    EXPECT_EQ(as_json.value("steps", std::vector<std::string>()), lines_of(result.output));
    EXPECT_FALSE(std::filesystem::exists(repository()));
}

} // namespace
} // namespace krun
