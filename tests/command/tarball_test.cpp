// SPDX-License-Identifier: MIT
// `krunctl build --source` with tarballs, from the disk and from a server, and with their signatures.
#include <chrono>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TarballTest : public testing::Test
{
  protected:
    TarballTest()
    {
        write_fake_kernel(server_folder() / "linux-6.12", true);
        run({"tar", "-C", server_folder().string(), "-cf", tar().string(), "linux-6.12"});
        run({"xz", "-k", tar().string()});
    }
    ~TarballTest() override
    {
        if (server_ > 0) {
            kill(server_, SIGTERM);
            waitpid(server_, nullptr, 0);
        }
        if (std::filesystem::exists(sandbox.root() / "gnupg"))
            static_cast<void>(sandbox.run({"gpgconf", "--homedir", "gnupg", "--kill", "all"}));
    }
    TarballTest(const TarballTest &) = delete;
    TarballTest &operator=(const TarballTest &) = delete;

    [[nodiscard]] std::filesystem::path server_folder() const { return sandbox.root() / "served"; }
    [[nodiscard]] std::filesystem::path tar() const { return server_folder() / "linux-6.12.tar"; }
    void run(const std::vector<std::string> &argv)
    {
        const auto result = sandbox.run(argv);
        EXPECT_EQ(result.status, 0) << argv.front() << ": " << result.errors;
    }
    std::vector<std::string> gpg(const std::vector<std::string> &arguments)
    {
        std::vector<std::string> argv = {"gpg", "--homedir", "gnupg", "--batch", "--quiet", "--yes"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return argv;
    }
    // A throwaway key, its public half in key.gpg, and the tarball's signature.
    void sign()
    {
        if (std::filesystem::create_directory(sandbox.root() / "gnupg")) {
            std::filesystem::permissions(sandbox.root() / "gnupg", std::filesystem::perms(0700));
            make_key();
        }
        run(gpg({"--detach-sign", "--output", tar().string() + ".sign", tar().string()}));
    }
    void make_key()
    {
        run(gpg({"--passphrase", "", "--quick-gen-key", "test <test@example.org>", "ed25519", "sign", "0"}));
        run(gpg({"--output", "key.gpg", "--export"}));
    }
    ProcessResult build(const std::string &source, const std::vector<std::string> &more)
    {
        std::vector<std::string> arguments = {"build", "--local-version", ".krun.test", "--json", "--source", source};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return sandbox.krunctl(arguments);
    }
    ProcessResult build_verified(const std::string &source = "served/linux-6.12.tar.xz")
    {
        return build(source, {"--keyring", "key.gpg"});
    }
    void expect_refused(const ProcessResult &result, int status, const std::string &words)
    {
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr(words));
        EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
        EXPECT_THAT(folders("source"), IsEmpty());
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache() / "kernels"));
    }
    [[nodiscard]] std::vector<std::string> folders(const std::string &below) const
    {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto &entry : std::filesystem::directory_iterator(sandbox.cache() / below, none)) {
            if (entry.is_directory())
                names.push_back(entry.path().filename().string());
        }
        return names;
    }
    // On a free port of the loopback interface; returns the URL of the served folder.
    std::string serve()
    {
        const auto port_file = sandbox.root() / "port";
        const std::string program =
            "import functools, http.server, os, sys\n"
            "handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n"
            "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n"
            "open(sys.argv[2] + '~', 'w').write(str(server.server_address[1]))\n"
            "os.rename(sys.argv[2] + '~', sys.argv[2])\n"
            "sys.stderr = open(sys.argv[3], 'w', buffering=1)\n"
            "server.serve_forever()\n";
        const auto log = (sandbox.root() / "server.log").string();
        server_ = fork();
        if (server_ == 0) {
            execlp("python3", "python3", "-c", program.c_str(), server_folder().c_str(), port_file.c_str(), log.c_str(),
                   nullptr);
            _exit(127);
        }
        for (int tries = 0; tries < 600 && !std::filesystem::exists(port_file); ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return "http://127.0.0.1:" + read_text(port_file) + "/";
    }
    Sandbox sandbox;
    pid_t server_ = -1;
};

TEST_F(TarballTest, AGoodSignatureIsFollowedByAKernel)
{
    sign();
    const auto result = build_verified();
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("the signature of"));
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["source"]["kind"], "tarball");
    EXPECT_EQ(json["source"]["verified"], true);
    EXPECT_EQ(json["source"]["version"], "6.12.1");
    EXPECT_EQ(json["folder"], (sandbox.cache() / "kernels/6.12-source-vm").string());
    const auto again = build_verified();
    EXPECT_EQ(nlohmann::json::parse(again.output)["up_to_date"], true);
    EXPECT_THAT(again.errors, Not(HasSubstr("decompressing"))) << "the tree was there";
}

TEST_F(TarballTest, WhatWasTakenUnverifiedIsNotTrustedLater)
{
    ASSERT_EQ(build("served/linux-6.12.tar.xz", {"--unverified"}).status, 0);
    sign();
    write_text(tar().string() + ".sign", "nothing");
    EXPECT_THAT(build_verified().errors, HasSubstr("is not an OpenPGP signature"));
    sign();
    EXPECT_EQ(nlohmann::json::parse(build_verified().output)["source"]["verified"], true);
}

TEST_F(TarballTest, ABadSignatureIsRefused)
{
    sign();
    write_text(server_folder() / "linux-6.12/Kconfig", "mainmenu \"evil\"\n");
    run({"tar", "-C", server_folder().string(), "-cf", tar().string(), "linux-6.12"});
    run({"xz", "-kf", tar().string()});
    expect_refused(build_verified(), 4, "is not what was signed");
}

TEST_F(TarballTest, AMissingSignatureIsRefused)
{
    sign();
    std::filesystem::remove(tar().string() + ".sign");
    expect_refused(build_verified(), 4, "has no signature");
}

TEST_F(TarballTest, AKeyringMustBeGivenAndHaveTheKey)
{
    sign();
    expect_refused(build("served/linux-6.12.tar.xz", {}), 2, "needs --keyring");
    expect_refused(build("served/linux-6.12.tar.xz", {"--keyring", "none.gpg"}), 2, "there is no keyring");
    run(gpg({"--armor", "--output", "key.asc", "--export"}));
    expect_refused(build("served/linux-6.12.tar.xz", {"--keyring", "key.asc"}), 2, "ASCII-armored");
    write_text(sandbox.root() / "text.gpg", "no key");
    expect_refused(build("served/linux-6.12.tar.xz", {"--keyring", "text.gpg"}), 2, "holds no OpenPGP keys");
    run(gpg({"--passphrase", "", "--quick-gen-key", "other@example.org", "ed25519", "sign", "0"}));
    run(gpg({"--output", "other.gpg", "--export", "other@example.org"}));
    expect_refused(build("served/linux-6.12.tar.xz", {"--keyring", "other.gpg"}), 4, "does not have the key");
    expect_refused(build("served/linux-6.12.tar.xz", {"--keyring", "key.gpg", "--unverified"}), 2, "contradict");
}

TEST_F(TarballTest, AKeyringMayBeAPipe)
{
    sign();
    const auto result = sandbox.run({"bash", "-c",
                                     "exec \"$0\" build --local-version .krun.test --json "
                                     "--source served/linux-6.12.tar.xz --keyring <(cat key.gpg)",
                                     KRUNCTL});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output)["source"]["verified"], true);
}

TEST_F(TarballTest, ATarballThatIsAPipeIsRefusedAtOnce)
{
    run({"mkfifo", "pipe.tar.xz"});
    expect_refused(build("pipe.tar.xz", {"--unverified"}), 2, "is a pipe or a device");
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

TEST_F(TarballTest, TheTreeOfATarballThatNobodyMayWriteToCanBePatched)
{
    run({"chmod", "-R", "a-w", (server_folder() / "linux-6.12").string()});
    run({"tar", "-C", server_folder().string(), "-cf", "readonly.tar", "linux-6.12"});
    run({"chmod", "-R", "u+w", (server_folder() / "linux-6.12").string()});
    const auto result = build("readonly.tar", {"--unverified"});
    ASSERT_EQ(result.status, 0) << result.errors;
    const std::string tree = nlohmann::json::parse(result.output)["tree"];
    EXPECT_EQ(sandbox.run({"find", tree, "!", "-type", "l", "!", "-perm", "-u+w"}).output, "");
}

TEST_F(TarballTest, UnverifiedIsPossibleAndSaid)
{
    const auto result = build("served/linux-6.12.tar.xz", {"--unverified"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("UNVERIFIED"));
    EXPECT_EQ(nlohmann::json::parse(result.output)["source"]["verified"], false);
}

TEST_F(TarballTest, EveryCompressionIsRead)
{
    for (const auto &[program, suffix] :
         {std::pair{"gzip", ".gz"}, std::pair{"bzip2", ".bz2"}, std::pair{"zstd", ".zst"}}) {
        run({program, "-k", "-q", tar().string()});
        const auto result =
            sandbox.krunctl({"build", "--dry-run", "--unverified", "--source", tar().string() + suffix});
        EXPECT_THAT(result.output, HasSubstr(std::string(program) + " -d")) << result.errors;
        std::filesystem::remove_all(sandbox.cache());
        EXPECT_EQ(build(tar().string() + suffix, {"--unverified"}).status, 0) << program;
    }
    std::filesystem::remove_all(sandbox.cache());
    EXPECT_EQ(build(tar().string(), {"--unverified"}).status, 0);
}

TEST_F(TarballTest, ADamagedArchiveIsCalledThat)
{
    const auto whole = read_text(tar().string() + ".xz");
    write_text(tar().string() + ".xz", whole.substr(0, whole.size() / 2));
    expect_refused(build("served/linux-6.12.tar.xz", {"--unverified"}), 4, "is damaged");
    write_text(server_folder() / "notes", "x");
    expect_refused(build("served/notes", {"--unverified"}), 2, "is not a tarball");
}

TEST_F(TarballTest, AUrlIsDownloadedOnceAndVerified)
{
    sign();
    const auto url = serve() + "linux-6.12.tar.xz";
    const auto result = build_verified(url);
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["source"]["kind"], "url");
    EXPECT_EQ(json["source"]["origin"], url);
    EXPECT_EQ(json["source"]["verified"], true);
    std::filesystem::remove_all(sandbox.cache() / "source");
    EXPECT_EQ(build_verified(url).status, 0);
    const auto log = read_text(sandbox.root() / "server.log");
    EXPECT_EQ(log.find("GET /linux-6.12.tar.xz"), log.rfind("GET /linux-6.12.tar.xz")) << log;
}

// Python's server knows no ranges, so that what is there already has to be thrown away.
TEST_F(TarballTest, AnInterruptedDownloadIsNoHindrance)
{
    const auto url = serve() + "linux-6.12.tar.xz";
    ASSERT_EQ(build(url, {"--unverified"}).status, 0);
    const auto file = sandbox.cache() / "downloads" / folders("downloads").front() / "linux-6.12.tar.xz";
    write_text(file.string() + ".partial", "half");
    std::filesystem::remove(file);
    EXPECT_EQ(build(url, {"--unverified"}).status, 0);
    EXPECT_EQ(read_text(file), read_text(tar().string() + ".xz"));
}

TEST_F(TarballTest, WhatTheServerDoesNotHaveOrASilentServerIsSaid)
{
    sign();
    const auto url = serve();
    expect_refused(build(url + "linux-6.13.tar.xz", {"--unverified"}), 4, "404");
    std::filesystem::remove(tar().string() + ".sign");
    expect_refused(build_verified(url + "linux-6.12.tar.xz"), 4, "cannot download the signature of");
    kill(server_, SIGTERM);
    waitpid(server_, nullptr, 0);
    server_ = -1;
    expect_refused(build(url + "linux-6.12.tar.xz", {"--unverified"}), 4, "cannot download");
    for (const auto &folder : folders("downloads"))
        EXPECT_TRUE(std::filesystem::is_empty(sandbox.cache() / "downloads" / folder));
}

TEST_F(TarballTest, AFileUrlIsReadToo)
{
    EXPECT_EQ(build("file://" + tar().string() + ".xz", {"--unverified"}).status, 0);
    const auto missing = build("file:///none/linux-6.12.tar.xz", {"--unverified"});
    EXPECT_EQ(missing.status, 4);
    EXPECT_THAT(missing.errors, HasSubstr("cannot download file:///none/linux-6.12.tar.xz"));
}

} // namespace
} // namespace krun
