// SPDX-License-Identifier: MIT
// What `--source` names, and whether a tarball can be believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "source/download.hpp"
#include "source/source_origin.hpp"
#include "source/tarball.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class OriginTest : public testing::Test
{
  protected:
    OriginTest()
    {
        files.add("/k/linux_next/Makefile", "");
        files.add("/k/clone/.git/HEAD", "");
        files.add("/k/linux-7.4.tar.xz", std::string("\xfd"
                                                     "7zXZ\0x",
                                                     7));
        files.add("/k/keys.gpg", "\x99key");
    }
    Result<SourceOrigin> find(const std::string &name, const std::string &keyring = {}, bool unverified = false)
    {
        return find_origin(files, {name, keyring, unverified}, "/cache/downloads");
    }
    FakeFilesystem files;
};

TEST_F(OriginTest, FoldersTarballsAndUrlsAreTold)
{
    EXPECT_EQ(find("/k/clone/")->kind, OriginKind::git);
    const auto folder = find("/k/linux_next").value();
    EXPECT_EQ(folder.kind, OriginKind::folder);
    EXPECT_EQ(folder.name, "linux-next") << "an underscore would make it one of Debian's packages";
    const auto tarball = find("/k/linux-7.4.tar.xz", "/k/keys.gpg").value();
    EXPECT_EQ(tarball.kind, OriginKind::tarball);
    EXPECT_EQ(tarball.name, "linux-7.4");
    EXPECT_EQ(tarball.keyring, "/k/keys.gpg");
}

TEST_F(OriginTest, AUrlHasItsSignatureBesideItAndShowsNoPassword)
{
    const auto url = find("https://me:secret@example.org/v7/linux-7.4.tar.xz?a=b", "/k/keys.gpg").value();
    EXPECT_EQ(url.kind, OriginKind::url);
    EXPECT_EQ(url.signature_url, "https://me:secret@example.org/v7/linux-7.4.tar.sign?a=b");
    EXPECT_EQ(url.text, "https://example.org/v7/linux-7.4.tar.xz?a=b");
    EXPECT_EQ(url.path.filename(), "linux-7.4.tar.xz");
    EXPECT_NE(url.path, find("https://example.com/linux-7.4.tar.xz", "/k/keys.gpg")->path);
}

TEST_F(OriginTest, WhatCannotBeReadIsAUsageError)
{
    for (const auto *name : {"/none", "ftp://x/linux.tar.xz", "https://example.org/linux.zip", "/k/keys.gpg"}) {
        const auto origin = find(name, {}, true);
        ASSERT_FALSE(origin) << name;
        EXPECT_EQ(origin.error().code, ExitCode::usage) << name;
        EXPECT_NE(origin.error().hint, "") << name;
    }
}

TEST_F(OriginTest, ATarballNeedsAKeyringOrTheWordUnverified)
{
    EXPECT_THAT(find("/k/linux-7.4.tar.xz").error().message, HasSubstr("needs --keyring"));
    EXPECT_TRUE(find("/k/linux-7.4.tar.xz", {}, true)->keyring.empty());
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/keys.gpg", true).error().message, HasSubstr("contradict"));
    EXPECT_THAT(find("/k/clone", "/k/keys.gpg").error().message, HasSubstr("--keyring does not apply"));
    EXPECT_THAT(find("/k/clone", {}, true).error().message, HasSubstr("--unverified does not apply"));
}

TEST_F(OriginTest, AKeyringThatGpgvCannotReadIsFoundBefore)
{
    files.add("/k/armored", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n");
    files.add("/k/empty", "");
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/armored").error().hint, HasSubstr("gpg --dearmor < /k/armored"));
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/empty").error().message, HasSubstr("is empty"));
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/none").error().message, HasSubstr("there is no keyring"));
    files.add("/k/text", "these are my keys");
    files.add("/k/packed", "\x1f\x8b\x08");
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k").error().message, HasSubstr("is a folder"));
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/text").error().message, HasSubstr("holds no OpenPGP keys"));
    EXPECT_THAT(find("/k/linux-7.4.tar.xz", "/k/packed").error().message, HasSubstr("holds no OpenPGP keys"));
}

TEST_F(OriginTest, AKeyringIsReadOnceAndKept)
{
    files.add("/k/box", std::string("\0\0\0\x20\1\1\0\2KBXf", 12));
    EXPECT_EQ(find("/k/linux-7.4.tar.xz", "/k/keys.gpg")->keyring_data, "\x99key");
    EXPECT_EQ(find("/k/linux-7.4.tar.xz", "/k/box")->keyring_data.size(), 12U);
}

TEST_F(OriginTest, ATarballThatIsNotWhatItsNameSaysIsFoundBefore)
{
    files.add("/k/empty.tar.xz", "");
    files.add("/k/renamed.tar.xz", "\x1f\x8b\x08 gzip");
    files.add("/k/packed.tar", "BZh9 bzip2");
    files.add("/k/page.tar.gz", "<!DOCTYPE html>");
    EXPECT_THAT(find("/k/empty.tar.xz", {}, true).error().message, HasSubstr("empty.tar.xz is empty"));
    EXPECT_THAT(find("/k/renamed.tar.xz", {}, true).error().message, HasSubstr("is compressed by gzip"));
    EXPECT_THAT(find("/k/packed.tar", {}, true).error().message, HasSubstr("is compressed by bzip2"));
    EXPECT_THAT(find("/k/page.tar.gz", {}, true).error().message, HasSubstr("is not compressed"));
    EXPECT_EQ(find("/k/page.tar.gz", {}, true).error().code, ExitCode::usage);
}

TEST(Tarball, NamesAreThoseOfTheUncompressedTar)
{
    for (const auto *suffix : {"", ".xz", ".gz", ".bz2", ".zst"})
        EXPECT_EQ(tar_name(std::string("linux-7.4.tar") + suffix), "linux-7.4.tar");
    for (const auto *other : {"linux.zip", "linux-7.4.xz", ".tar", ".tar.xz", "tar"})
        EXPECT_EQ(tar_name(other), "") << other;
    EXPECT_EQ(signature_names("/a/linux-7.4.tar.xz").front(), "/a/linux-7.4.tar.sign");
    EXPECT_EQ(decompressor_of("a.tar.zst").package, "zstd");
    EXPECT_EQ(decompressor_of("a.tar").program, "");
}

SignatureVerdict verdict(int status, const std::string &words)
{
    ProcessResult result;
    result.status = status;
    for (const auto *line : {"[GNUPG:] NEWSIG\n"})
        result.output += line;
    result.output += words;
    return verdict_of(result);
}

TEST(Signature, OnlyAGoodOneIsGood)
{
    const std::string good = "[GNUPG:] GOODSIG 1 t\n[GNUPG:] VALIDSIG 1 2\n";
    EXPECT_EQ(verdict(0, good), SignatureVerdict::good);
    EXPECT_EQ(verdict(2, good), SignatureVerdict::no_signature);
    EXPECT_EQ(verdict(1, good + "[GNUPG:] BADSIG 2 t\n"), SignatureVerdict::bad);
    EXPECT_EQ(verdict(0, good + "[GNUPG:] BADSIG 2 t\n"), SignatureVerdict::bad);
    EXPECT_EQ(verdict(2, "[GNUPG:] ERRSIG 1\n[GNUPG:] NO_PUBKEY 1\n"), SignatureVerdict::unknown_key);
    EXPECT_EQ(verdict(0, "[GNUPG:] EXPKEYSIG 1 t\n[GNUPG:] VALIDSIG 1\n"), SignatureVerdict::expired_key);
    EXPECT_EQ(verdict(0, "[GNUPG:] REVKEYSIG 1 t\n[GNUPG:] VALIDSIG 1\n"), SignatureVerdict::revoked_key);
    EXPECT_EQ(verdict(0, "[GNUPG:] EXPSIG 1 t\n[GNUPG:] VALIDSIG 1\n"), SignatureVerdict::expired);
    EXPECT_EQ(verdict(0, ""), SignatureVerdict::no_signature);
    EXPECT_EQ(verdict(2, "[GNUPG:] NODATA 1\n"), SignatureVerdict::no_signature);
}

} // namespace
} // namespace krun
