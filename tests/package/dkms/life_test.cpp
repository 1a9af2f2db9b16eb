// SPDX-License-Identifier: MIT
// krun-dkms from its installation to its removal, with Debian's kernels: for which of them there is a module.
#include <gmock/gmock.h>

#include "dkms/machine.hpp"
#include "self/krunctl.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// An older version of the same package.
constexpr const char *make_older = R"(cd /tmp
rm -rf older
dpkg-deb -R krun-dkms.deb older
sed -i 's/^Version: .*/Version: 0.9/' older/DEBIAN/control
sed -i 's/^DKMS_VERSION=.*/DKMS_VERSION=0.9/' older/DEBIAN/postinst older/DEBIAN/prerm
mv older/usr/src/krun-* older/usr/src/krun-0.9
sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="0.9"/' older/usr/src/krun-0.9/dkms.conf
rm older/DEBIAN/md5sums
dpkg-deb --root-owner-group -b older older.deb
)";

class DkmsLife : public DkmsMachine
{
  protected:
    // For the tests that load it.
    static void keep_module(const std::string &release)
    {
        const auto folder = cache_directory() / "dkms" / release;
        fs::remove_all(folder);
        fs::create_directories(folder);
        const auto module = module_of(release).string();
        shell((module.ends_with(".xz") ? "xz -dc " : "cat ") + module + " >/tmp/krun.ko");
        machine_->copy_out("/tmp/krun.ko", folder / "krun.ko");
        EXPECT_FALSE(fs::is_empty(folder / "krun.ko"));
    }
};

TEST_F(DkmsLife, WithoutHeadersItSaysWhatToInstall)
{
    purge("^linux-headers-.*");
    ASSERT_THAT(releases(), IsEmpty());
    const auto running = trim(machine_->output_of({"uname", "-r"}));
    EXPECT_THAT(install({our_deb}), HasSubstr("apt-get install linux-headers-" + running + "\n"));
    EXPECT_THAT(status(), ElementsAre("krun/" + version_ + ": added"));
}

TEST_F(DkmsLife, BuildsForTheHeadersThatAreThere)
{
    install({our_deb});
    const auto release = usual_release();
    EXPECT_THAT(status(), Contains(installed(release)));
    EXPECT_THAT(modinfo(release, "vermagic"), StartsWith(release + " "));
    EXPECT_EQ(modinfo(release, "license"), "GPL");
    keep_module(release);
}

TEST_F(DkmsLife, BuildsForAnotherKernelWhenItsHeadersCome)
{
    install({our_deb});
    ASSERT_THAT(status(), ElementsAre(installed(usual_release())));
    if (const auto known = machine_->run({"apt-cache", "show", newer_headers}); !known.ok())
        GTEST_SKIP() << "the archive has no " << newer_headers;
    install({newer_headers});
    const auto both = releases();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_THAT(status(), UnorderedElementsAre(installed(both[0]), installed(both[1])));
    for (const auto &release : both) {
        EXPECT_THAT(modinfo(release, "vermagic"), StartsWith(release + " "));
        keep_module(release);
    }
}

TEST_F(DkmsLife, AnUpgradeReplacesTheModule)
{
    shell(make_older);
    install({"/tmp/older.deb"});
    const auto release = usual_release();
    EXPECT_THAT(status(), Contains("krun/0.9, " + release + ", x86_64: installed"));
    install({our_deb});
    EXPECT_THAT(status(), AllOf(Contains(installed(release)), Not(Contains(StartsWith("krun/0.9")))));
    EXPECT_FALSE(exists("/usr/src/krun-0.9"));
}

TEST_F(DkmsLife, PurgingLeavesNeitherModulesNorSources)
{
    const auto list = "find / -xdev -name '*krun*' ! -path '/proc/*' ! -path '/dev/*' ! -path '/tmp/*'";
    const auto before = shell(list);
    install({our_deb});
    ASSERT_FALSE(module_of(usual_release()).empty());
    purge("krun-dkms");
    EXPECT_EQ(shell(list), before);
}

TEST_F(DkmsLife, IsSignedWithDkmsKeyOnceOpensslIsThere)
{
    shell("rm -f /var/lib/dkms/mok.*");
    purge("openssl");
    install({our_deb});
    const auto release = usual_release();
    EXPECT_EQ(modinfo(release, "signer"), "");
    install({"openssl"});
    shell("dpkg-reconfigure krun-dkms");
    EXPECT_EQ(modinfo(release, "signer"), "DKMS module signing key");
    EXPECT_TRUE(exists("/var/lib/dkms/mok.pub"));
}

} // namespace
} // namespace krun
