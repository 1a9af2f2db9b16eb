// SPDX-License-Identifier: MIT
// The life of all packages in a clean Debian 12: installed with what Debian has, used by programs, upgraded from the
// version before, purged. Everything on the disk is listed before and after.
//
// The version before is this tree with the changelog as it was before its last entry: what is tried is that an upgrade
// works, whatever has changed in the packages since.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fmt/ranges.h>
#include <fstream>
#include <memory>
#include <sstream>

#include "chroot.hpp"
#include "clients.hpp"
#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Everything that outlives a command, but what belongs to apt and dpkg, backups of the lists of users, and caches.
constexpr const char *list_disk = R"(
find / -xdev \( -path /proc -o -path /dev -o -path /sys -o -path /tmp -o -path /run -o -path '/var/cache/*' \
     -o -path '/var/log/*' -o -path '/var/lib/apt/*' -o -path '/var/lib/dpkg/*' -o -path /etc/ld.so.cache \
     -o -path '/etc/*-' -o -path /etc/.pwd.lock \) -prune -o -printf '%p %y %m %U %G %l\n' | sort
find /etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock -exec sha256sum {} + | sort -k 2
)";

// The changelog without its newest entry.
std::string changelog_before(const std::string &changelog)
{
    const auto second = changelog.find("\nkrun (", 1);
    return second == std::string::npos ? "" : changelog.substr(second + 1);
}

// In `folder`: the packages of a copy of the source whose changelog ends earlier.
void build_version_before(const fs::path &folder)
{
    const auto copy = copy_source_to(folder / "source").string();
    const auto changelog = copy + "/packaging/debian/changelog";
    std::ostringstream text;
    text << std::ifstream(changelog).rdbuf();
    const auto before = changelog_before(text.str());
    ASSERT_THAT(before, StartsWith("krun ("));
    std::ofstream(changelog, std::ios::trunc) << before;
    std::map<std::string, std::string> environment;
    if (const char *home = std::getenv("HOME"); home != nullptr) // ccache's folder
        environment["HOME"] = home;
    const auto built = run_program({copy + "/packaging/build-debs", (folder / "debs").string()}, "/", environment);
    ASSERT_TRUE(built.ok()) << built.output << built.errors;
}

// One after the other, on one machine.
class PackageLife : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        if (life_obstacle_ = Chroot::obstacle(); !life_obstacle_.empty())
            return;
        const auto &now = packages();
        const OwnFolder before;
        build_version_before(before.path());
        if (HasFatalFailure())
            return;
        life_ = std::make_unique<Chroot>();
        const Packages older{before.path() / "debs", {}};
        for (const char *name : package_names) {
            life_->copy_in(now.deb(name), new_deb(name));
            life_->copy_in(older.deb(name), old_deb(name));
        }
    }
    static void TearDownTestSuite() { life_.reset(); }
    void SetUp() override
    {
        if (!life_obstacle_.empty())
            GTEST_SKIP() << life_obstacle_;
        ASSERT_NE(life_, nullptr) << "there is no chroot, or no package of the version before";
    }

    static std::string new_deb(const std::string &name) { return "/tmp/" + name + "_new.deb"; }
    static std::string old_deb(const std::string &name) { return "/tmp/" + name + "_old.deb"; }

    static std::string apt(std::vector<std::string> what)
    {
        std::vector<std::string> argv = {"apt-get", "-q", "-y", "--no-install-recommends"};
        argv.insert(argv.end(), what.begin(), what.end());
        return life_->output_of(argv);
    }
    template <typename Deb> static void install_all(const Deb &deb)
    {
        std::vector<std::string> what = {"install"};
        for (const char *name : package_names)
            what.push_back(deb(name));
        apt(what);
    }
    static std::string shell(const std::string &script) { return life_->output_of({"sh", "-e", "-c", script}); }

    // What the packages depend on, without each other; and what the programs below are built with.
    static void install_dependencies()
    {
        std::vector<std::string> wanted;
        for (const char *name : package_names)
            for (const auto &one : split(life_->output_of({"dpkg-deb", "-f", new_deb(name), "Depends"}), ','))
                if (!trim(one).empty() && one.find("libkruncounters1") == std::string::npos)
                    wanted.push_back(trim(one));
        ASSERT_THAT(wanted, Not(IsEmpty()));
        apt({"satisfy", fmt::format("{}", fmt::join(wanted, ", "))});
        apt({"install", "g++", "make", "cmake", "pkg-config"});
    }

    static void expect_all_in_place(const std::string &deb_of_version)
    {
        const auto version = life_->output_of({"dpkg-deb", "-f", deb_of_version, "Version"});
        for (const char *name : package_names) {
            EXPECT_EQ(life_->output_of({"dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}\n", name}),
                      "ii " + version)
                << name;
            EXPECT_EQ(life_->output_of({"dpkg", "--verify", name}), "") << name;
        }
        EXPECT_EQ(life_->output_of({"krunctl", "--version"}), "krunctl " + version);
        EXPECT_EQ(shell("find / -xdev -name '*.dpkg-*' ! -path '/proc/*' ! -path '/var/lib/dpkg/*'"), "");
        EXPECT_EQ(shell("for file in /usr/bin/krunctl /usr/lib/*/libkruncounters.so.1; do ldd $file; done |"
                        " grep 'not found' || true"),
                  "");
    }

    static std::string life_obstacle_;
    static std::unique_ptr<Chroot> life_;
};

std::string PackageLife::life_obstacle_;
std::unique_ptr<Chroot> PackageLife::life_;

TEST_F(PackageLife, IsWholeAndLeavesNothing)
{
    install_dependencies();
    const auto empty = shell(list_disk);
    ASSERT_THAT(empty, HasSubstr("/usr/bin/cmake f 755 0 0"));

    install_all(old_deb);
    expect_all_in_place(old_deb("krunctl"));
    life_->write("/tmp/client.c", plain_program);
    shell("gcc -Wall -Werror -o /tmp/client /tmp/client.c $(pkg-config --cflags --libs kruncounters)");
    EXPECT_THAT(life_->output_of({"/tmp/client"}), StartsWith("1."));

    // What was compiled before the upgrade runs after it.
    install_all(new_deb);
    expect_all_in_place(new_deb("krunctl"));
    EXPECT_THAT(life_->output_of({"/tmp/client"}), StartsWith("1."));
    EXPECT_EQ(shell("ldconfig -p | grep -c 'libkruncounters[.]so[.]1 '"), "1\n");

    life_->write("/tmp/client.cpp", modern_program);
    life_->write("/tmp/CMakeLists.txt", client_cmake);
    shell("cmake -S /tmp -B /tmp/build && cmake --build /tmp/build");
    for (const char *client : {"dynamic", "static", "modern"})
        EXPECT_THAT(life_->output_of({std::string("/tmp/build/") + client}), StartsWith("1.")) << client;

    // Without the development package, and then without the library, programs miss what is gone and nothing else.
    apt({"purge", "libkruncounters-dev"});
    EXPECT_FALSE(life_->run({"pkg-config", "--exists", "kruncounters"}).ok());
    EXPECT_THAT(life_->output_of({"/tmp/client"}), StartsWith("1."));
    apt({"purge", "libkruncounters1"});
    EXPECT_THAT(life_->run({"/tmp/client"}).errors, HasSubstr("libkruncounters.so.1: cannot open"));
    EXPECT_THAT(life_->output_of({"/tmp/build/static"}), StartsWith("1."));
    EXPECT_THAT(life_->output_of({"krunctl", "--version"}), StartsWith("krunctl "));

    apt({"purge", "krunctl", "krun-syscall-dev", "krun-dkms"});
    EXPECT_EQ(shell("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' | grep krun || true"), "");
    EXPECT_EQ(shell("ls /var/lib/dpkg/info | grep krun || true"), "");
    // Krun's kernel, and no other, has a device that still belongs to the group.
    EXPECT_EQ(life_->run({"getent", "group", "kruncounters"}).ok(), fs::exists("/dev/krun"));
    if (fs::exists("/dev/krun"))
        shell("groupdel kruncounters");
    const auto left = shell(list_disk);
    if (left != empty) {
        life_->write("/tmp/empty", empty);
        life_->write("/tmp/left", left);
        ADD_FAILURE() << life_->run({"diff", "/tmp/empty", "/tmp/left"}).output;
    }
}

} // namespace
} // namespace krun
