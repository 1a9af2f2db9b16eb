// SPDX-License-Identifier: MIT
// See install_status.hpp.
#include "install/install_status.hpp"

#include <fmt/format.h>

namespace krun
{
namespace
{

std::string or_unknown(const std::string &text) { return text.empty() ? "unknown (needs root?)" : text; }

std::vector<std::string> newer_of_others(const BootMenu &menu, const InstallState &state)
{
    std::vector<std::string> newer;
    for (const auto &release : menu.releases()) {
        if (release == state.fallback)
            return newer;
        if (state.find(release) == nullptr)
            newer.push_back(release);
    }
    return {}; // without the fallback in the menu, nothing is newer than it
}

} // namespace

InstallStatus install_status(Target &target, const InstallState &state)
{
    InstallStatus status{state, target.running_release, {}, {}, {}};
    const auto menu = target.menu();
    if (!menu)
        return status;
    const auto environment = target.grub_environment().value_or(GrubEnvironment{});
    if (const auto *entry = menu->default_entry(environment))
        status.default_release = entry->release;
    if (const auto next = next_entry_of(environment); !next.empty()) {
        const auto *entry = menu->find(next);
        status.next_release = entry == nullptr ? next : entry->release;
    }
    status.waiting = newer_of_others(*menu, state);
    return status;
}

std::string unfinished_text(const InstallState &state)
{
    if (!state.operation)
        return {};
    return fmt::format("the {} of {} was interrupted", word_for(state.operation->kind), state.operation->release);
}

std::string status_text(const InstallStatus &status)
{
    std::string text;
    for (const auto &kernel : status.state.kernels)
        text += fmt::format("{}: {}{}\n", kernel.release, word_for(kernel.state),
                            kernel.release == status.running ? ", running" : "");
    if (status.state.kernels.empty())
        text += "no Krun kernel was installed by krunctl\n";
    text += fmt::format("default: {}\nrunning: {}\n", or_unknown(status.default_release), status.running);
    if (!status.next_release.empty())
        text += fmt::format("next boot only: {}\n", status.next_release);
    for (const auto &release : status.waiting)
        text += fmt::format("{} is newer than {}, the default from before: it becomes the default when the last Krun "
                            "kernel is uninstalled\n",
                            release, status.state.fallback);
    if (const auto unfinished = unfinished_text(status.state); !unfinished.empty())
        text +=
            fmt::format("{}: finish it with `krunctl install --continue`, roll it back with `krunctl install --undo`\n",
                        unfinished);
    return text;
}

nlohmann::ordered_json status_json(const InstallStatus &status)
{
    nlohmann::ordered_json json = {
        {"kernels", nlohmann::ordered_json::array()}, {"running", status.running}, {"default", status.default_release},
        {"next_boot_only", status.next_release},      {"waiting", status.waiting}, {"interrupted", nullptr}};
    for (const auto &kernel : status.state.kernels) {
        auto packages = nlohmann::ordered_json::array();
        for (const auto &package : kernel.packages)
            packages.push_back(package.name);
        json["kernels"].push_back(
            {{"release", kernel.release}, {"state", word_for(kernel.state)}, {"packages", std::move(packages)}});
    }
    if (const auto &operation = status.state.operation)
        json["interrupted"] = {{"kind", word_for(operation->kind)}, {"release", operation->release}};
    return json;
}

} // namespace krun
