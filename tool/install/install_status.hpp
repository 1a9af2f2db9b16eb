// SPDX-License-Identifier: MIT
// Which Krun kernels are installed, and what boots next.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "install/install_state.hpp"
#include "install/target.hpp"

namespace krun
{

struct InstallStatus {
    InstallState state;
    std::string running;
    std::string default_release; // of GRUB's default entry; empty when it is no kernel's or cannot be read
    std::string next_release;    // of the entry for one boot; empty without one
    // Kernels of others, newest first, that are newer than the default from before the first Krun kernel. A security
    // update of Debian's kernel is one: it does not become the default while we pin another.
    std::vector<std::string> waiting;
};

InstallStatus install_status(Target &target, const InstallState &state);
std::string status_text(const InstallStatus &status);
nlohmann::ordered_json status_json(const InstallStatus &status);
// "an install of R was interrupted", and how to go on; empty when nothing is unfinished.
std::string unfinished_text(const InstallState &state);

} // namespace krun
