// SPDX-License-Identifier: MIT
// Which accelerator QEMU uses, and why.
//
// The rule: `auto` takes KVM only when KVM has been seen to run a guest at native speed and a QEMU with KVM is
// on PATH; in every other case it takes TCG on our own QEMU, which has counters, and says the reason. That
// /dev/kvm exists proves nothing: there may be no hardware behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "machine/virtual_machine.hpp"
#include "util/result.hpp"

namespace krun
{

enum class KvmState { absent, broken, working };

struct KvmProbe {
    KvmState state = KvmState::absent;
    std::string reason; // why it is not working
};

// Really runs a tiny 64-bit guest, in a child process with a deadline. Tests change how far it counts.
constexpr std::uint32_t probe_loops = 4'000'000;
KvmProbe probe_kvm(std::uint32_t loops = probe_loops);

struct AcceleratorChoice {
    bool kvm = false;
    std::string note; // what `auto` should tell the user; empty if nothing
};

// Pure but for its two arguments, which are called only when their answer matters. `--accel kvm` that cannot be
// had is an Error that says why.
Result<AcceleratorChoice> choose_accelerator(const MachineRequest &request, const std::function<KvmProbe()> &probe,
                                             const std::function<bool()> &system_qemu);

// The program that KVM is used with.
constexpr const char *system_qemu_name = "qemu-system-x86_64";

} // namespace krun
