// SPDX-License-Identifier: MIT
// A virtual machine that boots from its disk as a PC does: firmware, boot loader, kernel. Resets stay within one QEMU.
//
// What does not happen as it should throws std::runtime_error, which GoogleTest reports as the test's failure, with the
// end of the console.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "guest_agent.hpp"
#include "machine/testbed_qemu.hpp"
#include "transcript.hpp"

namespace krun
{

// Only for a disk without a boot loader.
struct DirectKernel {
    std::filesystem::path kernel;
    std::filesystem::path initrd;
    std::string append;
};

struct DiskMachineSetup {
    TestbedQemu qemu;
    std::filesystem::path disk;
    std::string disk_format = "qcow2";
    std::filesystem::path payload; // a tar archive that the guest finds as its second disk; may be empty
    std::optional<DirectKernel> direct;
    std::filesystem::path console_log; // appended to
    unsigned cpus = 2;
};

std::vector<std::string> disk_machine_arguments(const DiskMachineSetup &setup);

class DiskMachine
{
  public:
    DiskMachine(DiskMachineSetup setup, Transcript &transcript);

    // Powers on and waits for the guest's agent. Returns the release of the kernel that came up.
    std::string power_on();
    // In the guest, by bash. What the command does not answer to within the limit throws.
    AgentAnswer run(const std::string &script);
    // The output of a command that must succeed.
    std::string must(const std::string &script);
    std::string release(); // of the running kernel
    // A command that ends with the guest's reset, or with power_cut() by `echo event power-cut >/dev/ttyS1`.
    // Returns how it ended.
    AgentEnd run_to_reset(const std::string &script);
    // From inside, orderly. Returns the release of the kernel that came up.
    std::string reboot();
    // The guest restarts by itself, soon: the release of what comes up.
    std::string wait_for_boot();
    // From outside, at once: what the guest has not written to its disk is lost.
    void power_cut();
    void shut_down();

    [[nodiscard]] bool is_on() const { return agent_ != nullptr; }
    [[nodiscard]] std::string console() const; // since the last power_on() or reboot

  private:
    [[noreturn]] void give_up(const std::string &what);
    void order(const std::string &what);
    void mark_console();

    DiskMachineSetup setup_;
    Transcript &transcript_;
    std::unique_ptr<QemuProcess> qemu_;
    std::unique_ptr<GuestAgent> agent_;
    std::uintmax_t console_start_ = 0;
};

} // namespace krun
