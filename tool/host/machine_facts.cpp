// SPDX-License-Identifier: MIT
#include "host/machine_facts.hpp"

#include <algorithm>
#include <array>
#include <cpuid.h>
#include <cstring>
#include <sys/utsname.h>

#include <fmt/format.h>

#include "host/cpu_sets.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *emulator = "TCGTCGTCGTCG";

struct Hypervisor {
    const char *signature;
    const char *name;
};

constexpr std::array hypervisors = {
    Hypervisor{"KVMKVMKVM", "KVM"},        Hypervisor{emulator, "QEMU without KVM"},
    Hypervisor{"Microsoft Hv", "Hyper-V"}, Hypervisor{"VMwareVMware", "VMware"},
    Hypervisor{"XenVMMXenVMM", "Xen"},     Hypervisor{"VBoxVBoxVBox", "VirtualBox"},
    Hypervisor{"bhyve bhyve ", "bhyve"},
};

std::string name_of_hypervisor(const std::string &signature)
{
    const auto known = std::find_if(hypervisors.begin(), hypervisors.end(),
                                    [&](const Hypervisor &one) { return signature == one.signature; });
    return known == hypervisors.end() ? printable(signature) : known->name;
}

std::string line_in(Filesystem &files, const std::string &path)
{
    const auto text = files.read(path);
    return text ? printable(trim(*text)) : "";
}

// "model name	: Some CPU": of the first CPU.
std::string cpu_info(const std::string &text, const std::string &key)
{
    for (const auto &line : lines_of(text)) {
        const auto colon = line.find(':');
        if (colon != std::string::npos && trim(line.substr(0, colon)) == key)
            return printable(trim(line.substr(colon + 1)));
    }
    return {};
}

std::vector<int> cpus_in(Filesystem &files, const std::string &path)
{
    return parse_cpu_list(line_in(files, path)).value_or(std::vector<int>{});
}

std::vector<std::pair<std::string, std::string>> mitigations(Filesystem &files)
{
    const std::string folder = "/sys/devices/system/cpu/vulnerabilities";
    std::vector<std::pair<std::string, std::string>> found;
    const auto names = files.list(folder);
    if (!names)
        return found;
    for (const auto &name : *names)
        found.emplace_back(printable(name), line_in(files, folder + "/" + name));
    return found;
}

} // namespace

MachineFacts machine_facts(Filesystem &files, const std::string &signature)
{
    MachineFacts facts;
    utsname names{};
    if (uname(&names) == 0) {
        facts.kernel = names.release;
        facts.kernel_version = names.version;
    }
    const auto info = files.read("/proc/cpuinfo").value_or("");
    facts.cpu_model = cpu_info(info, "model name");
    facts.microcode = cpu_info(info, "microcode");
    facts.online = cpus_in(files, "/sys/devices/system/cpu/online");
    facts.adaptive_tick = cpus_in(files, "/sys/devices/system/cpu/nohz_full");
    facts.clock_source = line_in(files, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts.governor = line_in(files, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    if (!signature.empty())
        facts.hypervisor = name_of_hypervisor(signature);
    facts.emulated = signature == emulator;
    facts.mitigations = mitigations(files);
    return facts;
}

std::string hypervisor_signature()
{
    constexpr unsigned hypervisor_present = 1U << 31;
    constexpr unsigned leaf = 0x40000000;
    unsigned a = 0;
    std::array<unsigned, 3> words = {};
    unsigned c = 0;
    unsigned d = 0;
    unsigned b = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & hypervisor_present) == 0)
        return {};
    __cpuid(leaf, a, words[0], words[1], words[2]);
    std::array<char, sizeof(words) + 1> text = {};
    std::memcpy(text.data(), words.data(), sizeof(words));
    return text[0] == '\0' ? "unknown" : text.data();
}

std::string warning_about(const MachineFacts &machine)
{
    if (machine.emulated)
        return fmt::format(
            "measured in an emulated machine ({}), whose time is the emulator's: this says nothing about "
            "real hardware",
            machine.hypervisor);
    if (!machine.on_bare_metal())
        return fmt::format(
            "measured in a virtual machine ({}), whose host may stop it at any time: this says nothing about "
            "bare metal",
            machine.hypervisor);
    return {};
}

} // namespace krun
