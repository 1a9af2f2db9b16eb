// SPDX-License-Identifier: MIT
// A repository with a key of its own, for the tests of `krunctl publish`.
#pragma once

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sandbox.hpp"

namespace krun
{

inline constexpr const char *user = "fleet <fleet@example.org>";

class PublishTest : public testing::Test
{
  protected:
    PublishTest()
    {
        // gpg's sockets want a short path and a folder for its user alone.
        std::filesystem::create_directory(home());
        std::filesystem::permissions(home(), std::filesystem::perms(0700));
        sandbox.environment["GNUPGHOME"] = home().string();
        must({"gpg", "--homedir", home().string(), "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", user,
              "ed25519", "sign", "0"});
    }
    ~PublishTest() override
    {
        static_cast<void>(sandbox.run({"gpgconf", "--homedir", home().string(), "--kill", "all"}));
    }

    [[nodiscard]] std::filesystem::path home() const { return sandbox.root() / "gnupg"; }
    [[nodiscard]] std::filesystem::path repository() const { return sandbox.root() / "repository"; }

    ProcessResult must(const std::vector<std::string> &argv)
    {
        auto done = sandbox.run(argv);
        EXPECT_EQ(done.status, 0) << argv.front() << ": " << done.errors;
        return done;
    }
    std::string make_deb(const std::string &name, const std::string &version, const std::string &note = "",
                         const std::string &architecture = "amd64")
    {
        const auto folder = sandbox.root() / "package" / name;
        write_text(folder / "DEBIAN/control",
                   "Package: " + name + "\nVersion: " + version + "\nArchitecture: " + architecture +
                       "\nMaintainer: me <me@example.org>\n" + place + "Description: test " + note + "\n");
        const auto deb = (sandbox.root() / (name + "_" + version + "_" + architecture + ".deb")).string();
        must({"dpkg-deb", "--root-owner-group", "--build", folder.string(), deb});
        return deb;
    }
    ProcessResult publish(std::vector<std::string> more)
    {
        std::vector<std::string> arguments = {"publish", repository().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return sandbox.krunctl(arguments);
    }
    ProcessResult publish_kernel(const std::string &release, const std::string &version, const std::string &note = "")
    {
        return publish({make_deb("linux-image-" + release, version, note), "--key", user, "--json"});
    }
    std::string index() { return read_text(repository() / "dists/krun/main/binary-amd64/Packages"); }
    void expect_refused(const ProcessResult &result, int status, const std::string &message)
    {
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, testing::HasSubstr(message));
        EXPECT_FALSE(std::filesystem::exists(repository() / "dists"));
    }
    // Names, modes and times of all that is in the repository.
    std::string state()
    {
        return sandbox.run({"find", repository().string(), "-mindepth", "1", "-printf", "%p %M %s %T@\n"}).output;
    }
    ProcessResult publish_with_umask(const std::string &umask, const std::string &deb)
    {
        return sandbox.run({"sh", "-c", "umask " + umask + "; exec \"$@\"", "sh", KRUNCTL, "publish",
                            repository().string(), deb, "--key", user});
    }
    std::string place = "Section: kernel\nPriority: optional\n";
    Sandbox sandbox;
};

} // namespace krun
