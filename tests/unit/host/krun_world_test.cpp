// SPDX-License-Identifier: MIT
// Krun as a module on another kernel, and what keeps it from being there.
#include "host/krun_world.hpp"

#include <algorithm>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_host.hpp"

namespace krun
{

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

class ModuleChecks : public testing::Test
{
  protected:
    ModuleChecks()
    {
        host_.release = "6.1.0-56-cloud-amd64";
        host_.config = "CONFIG_NO_HZ_FULL=y\n";
        host_.error = host_.error_of_none = ENOSYS;
        host_.files.erase("/proc/sys/kernel/krun_unprivileged");
        host_.files["/sys/devices/system/cpu/nohz_full"] = "\n";
        host_.files["/sys/module/krun/initstate"] = "live\n";
    }
    void take_device_away()
    {
        host_.device_error = ENOENT;
        host_.files.erase("/sys/class/misc/krun/dev");
        host_.files.erase("/sys/module/krun/initstate");
    }
    void turn_secure_boot(char on)
    {
        host_.files["/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"] =
            std::string("\x06\0\0\0", 4) + on;
    }

    CheckResult result_of(const std::string &id)
    {
        const auto results = check_kernel(host_);
        const auto found = std::find_if(results.begin(), results.end(), [&](const auto &one) { return one.id == id; });
        return found == results.end() ? CheckResult{} : *found;
    }
    CheckStatus status_of(const std::string &id) { return result_of(id).status; }
    bool is_good() { return all_good(check_kernel(host_)); }

    FakeHost host_;
};

TEST_F(ModuleChecks, AStockKernelWithTheModuleIsGoodForWhatAModuleCan)
{
    EXPECT_EQ(world_of(host_), KrunWorld::module);
    EXPECT_TRUE(is_good());
    for (const char *id : {"counters", "device"})
        EXPECT_EQ(status_of(id), CheckStatus::pass) << id;
    for (const char *id : {"kernel-identity", "no-hz-full-all", "nohz-full-cpus", "tickless", "system-calls"}) {
        EXPECT_EQ(status_of(id), CheckStatus::missing) << id;
        EXPECT_FALSE(result_of(id).required) << id;
        EXPECT_FALSE(result_of(id).remedy.empty()) << id;
    }
    EXPECT_THAT(result_of("kernel-identity").detail, HasSubstr("the module krun gives it /dev/krun"));
    // It is no kernel of ours all the same.
    EXPECT_THAT(against_promotion(check_kernel(host_)), ElementsAre("kernel-identity"));
    // What the module does must work.
    host_.stuck_mperf_cpu = 2;
    EXPECT_FALSE(is_good());
}

TEST_F(ModuleChecks, WhoHasAskedForAdaptiveTicksGetsToKnowOfEachInterrupt)
{
    host_.files["/sys/devices/system/cpu/nohz_full"] = "1-3\n";
    EXPECT_EQ(status_of("nohz-full-cpus"), CheckStatus::pass);
    EXPECT_TRUE(is_good());
    host_.timer_interrupts = 3000;
    EXPECT_EQ(status_of("tickless"), CheckStatus::fail);
    EXPECT_FALSE(is_good());
}

TEST_F(ModuleChecks, WithoutAModuleItIsNeither)
{
    take_device_away();
    EXPECT_EQ(world_of(host_), KrunWorld::none);
    EXPECT_FALSE(is_good());
    EXPECT_THAT(result_of("device").remedy, HasSubstr("krun-dkms and the headers of 6.1.0-56-cloud-amd64"));
}

TEST_F(ModuleChecks, AModuleThatIsThereIsToBeLoaded)
{
    take_device_away();
    for (const char *name : {"krun.ko", "krun.ko.xz", "krun.ko.zst"}) {
        const std::string path = std::string("/lib/modules/6.1.0-56-cloud-amd64/updates/dkms/") + name;
        host_.files[path] = "ELF";
        EXPECT_EQ(result_of("device").remedy, "modprobe krun") << name;
        EXPECT_EQ(result_of("kernel-identity").remedy, "modprobe krun") << name;
        host_.files.erase(path);
    }
}

TEST_F(ModuleChecks, SecureBootWantsTheKeyOfDkms)
{
    take_device_away();
    host_.files["/lib/modules/6.1.0-56-cloud-amd64/updates/dkms/krun.ko"] = "ELF";
    const auto says_key = [&] { return result_of("device").detail.find("not enrolled") != std::string::npos; };
    turn_secure_boot(0);
    EXPECT_FALSE(says_key());
    turn_secure_boot(1);
    EXPECT_TRUE(says_key());
    EXPECT_THAT(result_of("device").remedy, HasSubstr("mokutil --import /var/lib/dkms/mok.pub"));
    const std::string key("0\x82\0key", 6);
    host_.files["/var/lib/dkms/mok.pub"] = key;
    EXPECT_TRUE(says_key());
    host_.files["/sys/firmware/efi/mok-variables/MokListRT"] = "another" + key + "more";
    EXPECT_FALSE(says_key());
    EXPECT_EQ(result_of("device").remedy, "modprobe krun");
}

TEST_F(ModuleChecks, SecureBootWantsTheKeyOfShimWhereDkmsIsUbuntus)
{
    take_device_away();
    host_.files["/lib/modules/6.1.0-56-cloud-amd64/updates/dkms/krun.ko.zst"] = "ELF";
    turn_secure_boot(1);
    const std::string key("0\x82\0key", 6);
    host_.files["/var/lib/shim-signed/mok/MOK.der"] = key;
    host_.files["/sys/firmware/efi/mok-variables/MokListRT"] = key;
    for (const char *other : {"ID=debian\n", "NAME=\"ubuntu\"\nID=x\nID_LIKE=debian\n", ""}) {
        host_.files["/etc/os-release"] = other;
        EXPECT_THAT(result_of("device").remedy, HasSubstr("--import /var/lib/dkms/mok.pub")) << other;
    }
    for (const char *ubuntu :
         {"VERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"}) {
        host_.files["/etc/os-release"] = ubuntu;
        EXPECT_EQ(result_of("device").remedy, "modprobe krun") << ubuntu;
        host_.files["/var/lib/shim-signed/mok/MOK.der"] = "another key";
        EXPECT_THAT(result_of("device").remedy, HasSubstr("--import /var/lib/shim-signed/mok/MOK.der")) << ubuntu;
        host_.files["/var/lib/shim-signed/mok/MOK.der"] = key;
    }
}

} // namespace
} // namespace krun
