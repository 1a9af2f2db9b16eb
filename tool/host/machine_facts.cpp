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
    std::string_view signature;
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
    const auto *known = std::ranges::find(hypervisors, signature, &Hypervisor::signature);
    return known == hypervisors.end() ? printable(signature) : known->name;
}

std::string line_in(Filesystem &files, const std::string &path)
{
    return printable(trim(files.read(path).value_or("")));
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
    facts.cpu_model = printable(field_of(info, "model name"));
    facts.microcode = printable(field_of(info, "microcode"));
    facts.online = cpu_list_in(files, "/sys/devices/system/cpu/online");
    facts.adaptive_tick = cpu_list_in(files, "/sys/devices/system/cpu/nohz_full");
    facts.clock_source = line_in(files, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts.governor = line_in(files, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    if (!signature.empty())
        facts.hypervisor = name_of_hypervisor(signature);
    facts.emulated = signature == emulator;
    const std::filesystem::path mitigations = "/sys/devices/system/cpu/vulnerabilities";
    for (const auto &name : files.list(mitigations).value_or(std::vector<std::string>()))
        facts.mitigations.emplace_back(printable(name), line_in(files, mitigations / name));
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
