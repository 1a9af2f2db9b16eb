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
    const Target &target;
    const KernelPackages &packages;
    const InstallState &state;
};

std::vector<PreflightCheck> preflight(const PreflightSubject &subject);
// The kernel that must stay the default: of GRUB's default entry, or the running one where that is no kernel's. Empty
// when there is none that can boot.
std::string kernel_to_keep(const Target &target, const InstallState &state);
// done, or krunctl's exit code: something missing on the machine takes precedence over a plain no.
ExitCode preflight_code(const std::vector<PreflightCheck> &checks);
std::string preflight_report(const std::vector<PreflightCheck> &checks, bool all);
nlohmann::ordered_json preflight_json(const std::vector<PreflightCheck> &checks);

// For the rows of this table, which are in two files.
namespace preflight_parts
{

struct Row {
    const char *id;
    const char *title;
    PreflightCheck (*run)(const PreflightSubject &);
};
std::vector<Row> boot_rows(); // root's rights, GRUB and the firmware

inline PreflightCheck passed(std::string detail) { return {{}, {}, PreflightStatus::pass, std::move(detail), {}, {}}; }
inline PreflightCheck skipped(std::string detail) { return {{}, {}, PreflightStatus::skip, std::move(detail), {}, {}}; }
inline PreflightCheck warned(std::string detail, std::string remedy)
{
    return {{}, {}, PreflightStatus::warn, std::move(detail), std::move(remedy), {}};
}
inline PreflightCheck failed(std::string detail, std::string remedy, ExitCode exit_code = ExitCode::answer_is_no)
{
    return {{}, {}, PreflightStatus::fail, std::move(detail), std::move(remedy), exit_code};
}
inline PreflightCheck lacks(std::string detail, std::string remedy)
{
    return failed(std::move(detail), std::move(remedy), ExitCode::host_lacks);
}

} // namespace preflight_parts

} // namespace krun
