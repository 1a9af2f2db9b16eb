// SPDX-License-Identifier: MIT
// What must hold before an installation changes anything, each as a named check.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/target.hpp"
#include "util/check_result.hpp"

namespace krun
{

struct PreflightSubject {
    const Target &target;
    const KernelPackages &packages;
    const InstallState &state;
};

std::vector<CheckResult> preflight(const PreflightSubject &subject);
// The kernel that must stay the default: of GRUB's default entry, or the running one where that is no kernel's. Empty
// when there is none that can boot.
std::string kernel_to_keep(const Target &target, const InstallState &state);
// done, or krunctl's exit code: something missing on the machine takes precedence over a plain no.
ExitCode preflight_code(const std::vector<CheckResult> &checks);
std::string preflight_report(const std::vector<CheckResult> &checks, bool all); // or of those that want a look

// For the rows of this table, which are in two files.
namespace preflight_parts
{

struct Row {
    const char *id;
    const char *title;
    CheckResult (*run)(const PreflightSubject &);
};
std::vector<Row> boot_rows(); // root's rights, GRUB and the firmware

inline CheckResult lacks(std::string detail, std::string remedy)
{
    auto result = fail(std::move(detail), std::move(remedy));
    result.exit_code = ExitCode::host_lacks;
    return result;
}

} // namespace preflight_parts

} // namespace krun
