// SPDX-License-Identifier: MIT
// What krunctl has installed on this machine, and what it is in the middle of: /var/lib/krunctl/state.json.
//
// Theory: the file is a journal of intentions. It is on the disk before the first change that it tells of, and says
// what shall become of the machine, not which step was reached: every step looks at the machine and does only what is
// missing. So whoever finds an unfinished operation can go on with it or go back, wherever it was cut off.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "install/target.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

enum class KernelState {
    installing, // or being rolled back
    trial,      // boots once on request; the default is another kernel
    promoted,   // is or was the default
    removing,   // to be removed as soon as another kernel runs
};
std::string word_for(KernelState state);

struct InstalledPackage {
    std::string name;
    std::string version;
};

struct InstalledKernel {
    std::string release;
    KernelState state = KernelState::installing;
    unsigned promoted = 0; // the highest one is the default; 0: never
    std::vector<InstalledPackage> packages;
    // Those not of one kernel (krun-syscall-dev) that were not there before.
    std::vector<InstalledPackage> shared_packages;
    [[nodiscard]] std::vector<InstalledPackage> all_packages() const;
};

struct Operation {
    enum class Kind { install, promote, uninstall };
    Kind kind = Kind::install;
    std::string release;
    std::vector<std::filesystem::path> debs; // of an installation
};
std::string word_for(Operation::Kind kind);

struct InstallState {
    std::string fallback; // release of the kernel that was the default before the first Krun kernel came
    std::vector<InstalledKernel> kernels;
    std::optional<Operation> operation; // not finished yet

    [[nodiscard]] bool empty() const { return kernels.empty() && !operation; }
    InstalledKernel *find(const std::string &release);
    [[nodiscard]] const InstalledKernel *find(const std::string &release) const;
    // What boots by default: the kernel promoted last, apart from `without` and those being removed, else the fallback.
    [[nodiscard]] std::string default_release(const std::string &without = {}) const;
    [[nodiscard]] unsigned last_promotion() const;
};

std::string state_text(const InstallState &state);
// An empty state without a file; an Error if it is damaged or from a newer krunctl.
Result<InstallState> read_state(Filesystem &files, const SystemLayout &layout);

// Which Krun kernels are installed, and what boots next.

struct InstallStatus {
    InstallState state;
    std::string running;
    std::string default_release; // of GRUB's default entry; empty when it is no kernel's or cannot be read
    std::string next_release;    // of the entry for one boot; empty without one
    // Kernels of others, newest first, that are newer than the default from before the first Krun kernel. A security
    // update of Debian's kernel is one: it does not become the default while we pin another.
    std::vector<std::string> waiting;
};

InstallStatus install_status(const Target &target, const InstallState &state);
std::string status_text(const InstallStatus &status);
nlohmann::ordered_json status_json(const InstallStatus &status);
// "an install of R was interrupted", and how to go on; empty when nothing is unfinished.
std::string unfinished_text(const InstallState &state);

} // namespace krun
