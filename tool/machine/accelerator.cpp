// SPDX-License-Identifier: MIT
// The choice of the accelerator; see accelerator.hpp.
#include "machine/accelerator.hpp"

#include <fmt/format.h>

namespace krun
{
namespace
{

constexpr const char *use_tcg = "omit --accel: emulation (TCG) needs nothing from the host";

std::string why_not(const KvmProbe &probe)
{
    return fmt::format("KVM is {} on this machine: {}", probe.state == KvmState::absent ? "absent" : "broken",
                       probe.reason);
}

} // namespace

Result<AcceleratorChoice> choose_accelerator(const MachineRequest &request, const std::function<KvmProbe()> &probe,
                                             const std::function<bool()> &system_qemu)
{
    if (request.accelerator == Accelerator::tcg)
        return AcceleratorChoice{};
    const bool wanted = request.accelerator == Accelerator::kvm;
    if (request.icount || request.aperf_ratio != 0 || request.ipc != 0 || request.tsc_step != 0 ||
        request.vendor != CpuVendor::intel) {
        if (wanted && request.vendor != CpuVendor::intel)
            return usage_error("with KVM, the guest's CPUs are the host's: there is no --vendor", use_tcg);
        if (wanted)
            return usage_error("KVM has neither exact instruction counts nor a counter model to set", use_tcg);
        return AcceleratorChoice{};
    }
    const KvmProbe found = probe();
    if (found.state != KvmState::working) {
        if (wanted)
            return host_lacks(why_not(found), use_tcg);
        return AcceleratorChoice{false, why_not(found) + "; emulating (TCG) instead"};
    }
    if (!system_qemu()) {
        const auto reason = fmt::format("KVM works, but {} is not on PATH", system_qemu_name);
        if (wanted)
            return host_lacks(reason, "apt install qemu-system-x86");
        return AcceleratorChoice{false, reason + "; emulating (TCG) instead"};
    }
    return AcceleratorChoice{true, {}};
}

} // namespace krun
