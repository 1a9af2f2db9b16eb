// SPDX-License-Identifier: MIT
// A repository made by `krunctl publish`, used by the apt of a clean Debian 12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "chroot.hpp"
#include "packages.hpp"
#include "util/filesystem.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *user = "fleet <fleet@example.org>";
constexpr const char *sources = "Types: deb\n"
                                "URIs: file:/srv/krun\n"
                                "Suites: krun\n"
                                "Components: main\n"
                                "Signed-By: /etc/apt/keyrings/krun-archive-keyring.asc\n";

class PublishedRepository : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (const auto obstacle = Chroot::obstacle(); !obstacle.empty())
            GTEST_SKIP() << obstacle;
        fs::create_directory(home());
        fs::permissions(home(), fs::perms(0700));
        must({"gpg", "--homedir", home().string(), "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", user,
              "ed25519", "sign", "0"});
        debian_ = std::make_unique<Chroot>();
    }
    void TearDown() override
    {
        static_cast<void>(run_program({"gpgconf", "--homedir", home().string(), "--kill", "all"}));
    }

    [[nodiscard]] fs::path home() const { return work_.path() / "gnupg"; }
    [[nodiscard]] fs::path repository() const { return work_.path() / "krun"; }

    static void must(const std::vector<std::string> &argv)
    {
        const auto done = run_program(argv);
        ASSERT_TRUE(done.ok()) << argv.front() << ": " << done.errors;
    }

    // A kernel's package as apt sees it: a name and a version.
    fs::path make_kernel(const std::string &release, const std::string &version)
    {
        const auto folder = work_.path() / release;
        fs::create_directories(folder / "DEBIAN");
        const auto written =
            files_.write(folder / "DEBIAN/control", "Package: linux-image-" + release + "\nVersion: " + version +
                                                        "\nArchitecture: amd64\n"
                                                        "Maintainer: me <me@example.org>\n"
                                                        "Section: kernel\nPriority: optional\n"
                                                        "Description: test\n");
        EXPECT_TRUE(written);
        const auto deb = work_.path() / ("linux-image-" + release + "_" + version + "_amd64.deb");
        must({"dpkg-deb", "--root-owner-group", "--build", folder.string(), deb.string()});
        return deb;
    }

    // Publishes, and brings the clean Debian's copy of the repository up to date.
    void publish(const std::vector<fs::path> &debs)
    {
        std::vector<std::string> arguments = {"publish", repository().string(), "--key", user};
        for (const auto &deb : debs)
            arguments.push_back(deb.string());
        const auto published = packages().krunctl(arguments, {{"GNUPGHOME", home().string()}});
        ASSERT_TRUE(published.ok()) << published.errors;
        static_cast<void>(debian_->output_of({"rm", "-rf", "/srv/krun"}));
        debian_->copy_in(repository(), "/srv");
        static_cast<void>(debian_->output_of({"chmod", "-R", "a+rX", "/srv/krun"}));
    }

    void apt_get(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"apt-get", "-q", "-y", "--no-install-recommends"});
        static_cast<void>(debian_->output_of(arguments));
    }

    std::string installed_version(const std::string &package)
    {
        return debian_->output_of({"dpkg-query", "-W", "-f", "${Version}", package});
    }

    OwnFolder work_;
    SystemFilesystem files_;
    std::unique_ptr<Chroot> debian_;
};

TEST_F(PublishedRepository, AptInstallsFromItAndUpgradesToTheNextKernel)
{
    publish({make_kernel("6.12.1.krun.aa", "6.12.1-1"), packages().deb("krunctl"), packages().deb("krun-syscall-dev")});
    debian_->copy_in(repository() / "krun-archive-keyring.asc", "/etc/apt/keyrings/krun-archive-keyring.asc");
    debian_->write("/etc/apt/sources.list.d/krun.sources", sources);
    apt_get({"update"});
    apt_get({"install", "linux-image-krun-6.12", "krunctl", "krun-syscall-dev"});
    EXPECT_EQ(installed_version("linux-image-6.12.1.krun.aa"), "6.12.1-1");
    EXPECT_EQ(debian_->output_of({"dpkg", "--verify", "krunctl", "krun-syscall-dev"}), "");

    publish({make_kernel("6.12.2.krun.bb", "6.12.2-1")});
    apt_get({"update"});
    apt_get({"upgrade", "--with-new-pkgs"});
    EXPECT_EQ(installed_version("linux-image-6.12.2.krun.bb"), "6.12.2-1");
    EXPECT_EQ(installed_version("linux-image-6.12.1.krun.aa"), "6.12.1-1"); // the way back
}

TEST_F(PublishedRepository, AptRefusesItWithoutItsKey)
{
    publish({make_kernel("6.12.1.krun.aa", "6.12.1-1")});
    debian_->write("/etc/apt/sources.list.d/krun.list", "deb file:/srv/krun krun main\n");
    EXPECT_FALSE(debian_->run({"apt-get", "-q", "--error-on=any", "update"}).ok());
}

} // namespace
} // namespace krun
