// SPDX-License-Identifier: MIT
// The table of checks and its reports; see preflight.hpp.
#include "install/preflight.hpp"

#include <array>
#include <fmt/format.h>

namespace krun
{
namespace preflight_parts
{

PreflightCheck passed(std::string detail) { return {{}, {}, PreflightStatus::pass, std::move(detail), {}, {}}; }

PreflightCheck warned(std::string detail, std::string remedy)
{
    return {{}, {}, PreflightStatus::warn, std::move(detail), std::move(remedy), {}};
}

PreflightCheck failed(std::string detail, std::string remedy)
{
    return {{}, {}, PreflightStatus::fail, std::move(detail), std::move(remedy), ExitCode::answer_is_no};
}

PreflightCheck lacks(std::string detail, std::string remedy)
{
    return {{}, {}, PreflightStatus::fail, std::move(detail), std::move(remedy), ExitCode::host_lacks};
}

PreflightCheck skipped(std::string detail) { return {{}, {}, PreflightStatus::skip, std::move(detail), {}, {}}; }

PreflightCheck root(const PreflightSubject &subject)
{
    if (subject.target.is_root)
        return passed("yes");
    return lacks("not root", "run it with sudo");
}

} // namespace preflight_parts

namespace
{

struct Row {
    const char *id;
    const char *title;
    PreflightCheck (*run)(const PreflightSubject &);
};

constexpr std::array rows = {
    Row{"root", "root privileges", preflight_parts::root},
    Row{"grub", "the machine starts with GRUB 2.06 or newer", preflight_parts::grub},
    Row{"one-shot", "GRUB can clear an entry for one boot", preflight_parts::one_shot},
    Row{"pending-entry", "no other entry is chosen for the next boot", preflight_parts::pending_entry},
    Row{"default-settings", "nothing overrides our choice of the default", preflight_parts::default_settings},
    Row{"fallback-kernel", "another kernel can boot and stays the default", preflight_parts::fallback_kernel},
    Row{"secure-boot", "Secure Boot lets the kernel start", preflight_parts::secure_boot},
    Row{"architecture", "the packages are for this machine", preflight_parts::architecture},
    Row{"new-release", "this kernel is not installed yet", preflight_parts::new_release},
    Row{"dpkg", "dpkg is in order", preflight_parts::dpkg_state},
    Row{"space", "there is space", preflight_parts::space},
    Row{"other-modules", "no third-party module gets lost", preflight_parts::other_modules},
};

const char *word(PreflightStatus status)
{
    switch (status) {
    case PreflightStatus::pass:
        return "pass";
    case PreflightStatus::warn:
        return "warn";
    case PreflightStatus::fail:
        return "fail";
    case PreflightStatus::skip:
        break;
    }
    return "skip";
}

} // namespace

std::vector<PreflightCheck> preflight(const PreflightSubject &subject)
{
    std::vector<PreflightCheck> checks;
    for (const auto &row : rows) {
        auto check = row.run(subject);
        check.id = row.id;
        check.title = row.title;
        checks.push_back(std::move(check));
    }
    return checks;
}

ExitCode preflight_code(const std::vector<PreflightCheck> &checks)
{
    auto code = ExitCode::done;
    for (const auto &check : checks) {
        if (check.status == PreflightStatus::fail && code != ExitCode::host_lacks)
            code = check.exit_code;
    }
    return code;
}

std::string preflight_report(const std::vector<PreflightCheck> &checks, bool all)
{
    std::string text;
    for (const auto &check : checks) {
        if (!all && check.status != PreflightStatus::warn && check.status != PreflightStatus::fail)
            continue;
        text += fmt::format("{}  {}: {}\n", word(check.status), check.title, check.detail);
        if (!check.remedy.empty())
            text += fmt::format("      -> {}\n", check.remedy);
    }
    return text;
}

nlohmann::ordered_json preflight_json(const std::vector<PreflightCheck> &checks)
{
    auto json = nlohmann::ordered_json::array();
    for (const auto &check : checks)
        json.push_back({{"id", check.id},
                        {"title", check.title},
                        {"status", word(check.status)},
                        {"detail", check.detail},
                        {"remedy", check.remedy}});
    return json;
}

} // namespace krun
