// SPDX-License-Identifier: MIT
// What must hold before an installation changes anything, each as a named check.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/target.hpp"

namespace krun
{

enum class PreflightStatus { pass, warn, fail, skip };

struct PreflightCheck {
    std::string id;    // stable, for programs: "secure-boot"
    std::string title; // for people
    PreflightStatus status = PreflightStatus::fail;
    std::string detail;
    std::string remedy;                          // empty on a pass
    ExitCode exit_code = ExitCode::answer_is_no; // of krunctl, when it failed
};

struct PreflightSubject {
    Target &target;
    const KernelPackages &packages;
    const InstallState &state;
};

std::vector<PreflightCheck> preflight(const PreflightSubject &subject);
// The kernel that must stay the default: of GRUB's default entry, or the running one where that is no kernel's. Empty
// when there is none that can boot.
std::string kernel_to_keep(Target &target, const InstallState &state);
// done, or krunctl's exit code: something missing on the machine takes precedence over a plain no.
ExitCode preflight_code(const std::vector<PreflightCheck> &checks);
std::string preflight_report(const std::vector<PreflightCheck> &checks, bool all);
nlohmann::ordered_json preflight_json(const std::vector<PreflightCheck> &checks);

// For the parts of this table, which are in several files.
namespace preflight_parts
{

PreflightCheck passed(std::string detail);
PreflightCheck warned(std::string detail, std::string remedy);
PreflightCheck failed(std::string detail, std::string remedy);
PreflightCheck lacks(std::string detail, std::string remedy); // ExitCode::host_lacks
PreflightCheck skipped(std::string detail);

// GRUB
PreflightCheck root(const PreflightSubject &subject);
PreflightCheck grub(const PreflightSubject &subject);
PreflightCheck one_shot(const PreflightSubject &subject);
PreflightCheck pending_entry(const PreflightSubject &subject);
PreflightCheck default_settings(const PreflightSubject &subject);
PreflightCheck fallback_kernel(const PreflightSubject &subject);
PreflightCheck secure_boot(const PreflightSubject &subject);
// packages and disks
PreflightCheck architecture(const PreflightSubject &subject);
PreflightCheck new_release(const PreflightSubject &subject);
PreflightCheck dpkg_state(const PreflightSubject &subject);
PreflightCheck space(const PreflightSubject &subject);
PreflightCheck other_modules(const PreflightSubject &subject);

} // namespace preflight_parts

} // namespace krun
