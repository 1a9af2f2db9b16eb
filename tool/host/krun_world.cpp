// SPDX-License-Identifier: MIT
// Theory: a module leaves /sys/module/krun/initstate, which what is built in does not have. dkms leaves modules in
// updates/dkms, signed with a key of its own (Ubuntu's: with the one that the package of shim makes); with Secure Boot
// the kernel takes them only if that key is enrolled, which the list of machine owner keys shows that the boot loader
// hands on.
#include "host/krun_world.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

struct WorldWords {
    const char *name;
    const char *sentence;
};

// In the order of the enumerators.
constexpr std::array words_of_worlds = {
    WorldWords{"patched", "a Krun kernel"},
    WorldWords{"module", "not a Krun kernel, but with the module krun"},
    WorldWords{"none", "neither a Krun kernel nor one with the module krun"},
};

constexpr const char *device = "/sys/class/misc/krun/dev";
constexpr const char *secure_boot = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::array enrolled_keys = {
    "/sys/firmware/efi/mok-variables/MokListRT",
    "/sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23",
};
// Either may be there and not be the one that dkms takes: on Debian, people keep a key of their own in the second
// place.
constexpr const char *key_of_dkms = "/var/lib/dkms/mok.pub";
constexpr const char *key_of_ubuntus_dkms = "/var/lib/shim-signed/mok/MOK.der";

// Compressed or not.
bool is_built_by_dkms(Host &host)
{
    for (const char *ending : {"", ".xz", ".zst", ".gz"})
        if (host.file(fmt::format("/lib/modules/{}/updates/dkms/krun.ko{}", host.kernel_release(), ending)))
            return true;
    return false;
}

// The variable has four bytes of attributes and one of value.
bool has_secure_boot(Host &host)
{
    const auto variable = host.file(secure_boot);
    return variable && variable->size() == 5 && variable->back() == 1;
}

// As dkms knows Ubuntu, and what is made of it, such as Mint.
bool is_ubuntu(Host &host)
{
    auto text = host.file("/etc/os-release").value_or("");
    std::erase_if(text, [](char character) { return character == '"' || character == '\''; });
    return std::ranges::any_of(lines_of(text), [](const std::string &line) {
        return line == "ID=ubuntu" || line.starts_with("ID_LIKE=ubuntu");
    });
}

const char *enrollable_key(Host &host) { return is_ubuntu(host) ? key_of_ubuntus_dkms : key_of_dkms; }

bool key_is_enrolled(Host &host)
{
    const auto key = host.file(enrollable_key(host));
    if (!key || key->empty())
        return false;
    for (const char *list : enrolled_keys)
        if (const auto keys = host.file(list); keys && keys->find(*key) != std::string::npos)
            return true;
    return false;
}

bool has_calls(Host &host)
{
    CounterReading none;
    return host.file("/proc/sys/kernel/krun_unprivileged") || host.read_counters(0, none) == 0;
}

} // namespace

KrunWorld world_of(Host &host)
{
    if (has_calls(host))
        return KrunWorld::patched;
    if (!host.file(device))
        return KrunWorld::none;
    return host.file("/sys/module/krun/initstate") ? KrunWorld::module : KrunWorld::patched;
}

const char *name_of(KrunWorld world) { return words_of_worlds.at(static_cast<std::size_t>(world)).name; }

const char *sentence_of(KrunWorld world) { return words_of_worlds.at(static_cast<std::size_t>(world)).sentence; }

CheckResult why_no_device(Host &host)
{
    if (host.file(device))
        return missing("the kernel has the device, but there is no /dev/krun here",
                       "mount a devtmpfs on /dev, or hand the device to the container");
    if (!is_built_by_dkms(host))
        return missing("there is no /dev/krun",
                       "boot the Krun kernel, or install the module for this one: krun-dkms and the headers of " +
                           host.kernel_release());
    if (has_secure_boot(host) && !key_is_enrolled(host))
        return missing(
            "the module krun is installed, but Secure Boot does not let it in: the key that signs it is not enrolled",
            fmt::format("mokutil --import {}, reboot, and confirm the key in the menu that appears",
                        enrollable_key(host)));
    return missing("the module krun is installed, but not loaded", "modprobe krun");
}

} // namespace krun
