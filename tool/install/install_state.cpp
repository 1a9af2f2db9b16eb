// SPDX-License-Identifier: MIT

#include "install/install_state.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace krun
{
using nlohmann::ordered_json;

namespace
{

constexpr int format_version = 1;

// In the order of the enumerators.
constexpr std::array kernel_states = {"installing", "trial", "promoted", "removing"};
constexpr std::array operations = {"install", "promote", "uninstall"};

template <class Enum, std::size_t size>
Enum value_in(const std::array<const char *, size> &words, const std::string &word)
{
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end())
        throw std::runtime_error("unknown word " + word);
    return static_cast<Enum>(found - words.begin());
}

ordered_json packages_json(const std::vector<InstalledPackage> &packages)
{
    auto json = ordered_json::array();
    for (const auto &package : packages)
        json.push_back({{"name", package.name}, {"version", package.version}});
    return json;
}

std::vector<InstalledPackage> packages_from(const ordered_json &json)
{
    std::vector<InstalledPackage> packages;
    for (const auto &package : json)
        packages.push_back({package.at("name"), package.at("version")});
    return packages;
}

InstallState state_from(const ordered_json &json)
{
    InstallState state;
    state.fallback = json.at("fallback");
    for (const auto &kernel : json.at("kernels"))
        state.kernels.push_back({kernel.at("release"), value_in<KernelState>(kernel_states, kernel.at("state")),
                                 kernel.at("promoted"), packages_from(kernel.at("packages")),
                                 packages_from(kernel.at("shared_packages"))});
    if (const auto &operation = json.at("operation"); !operation.is_null())
        state.operation = Operation{value_in<Operation::Kind>(operations, operation.at("kind")),
                                    operation.at("release"), operation.at("debs")};
    return state;
}

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

std::string word_for(KernelState state) { return kernel_states.at(static_cast<std::size_t>(state)); }

std::string word_for(Operation::Kind kind) { return operations.at(static_cast<std::size_t>(kind)); }

std::vector<InstalledPackage> InstalledKernel::all_packages() const
{
    auto all = packages;
    all.insert(all.end(), shared_packages.begin(), shared_packages.end());
    return all;
}

InstalledKernel *InstallState::find(const std::string &release)
{
    const auto found = std::ranges::find(kernels, release, &InstalledKernel::release);
    return found == kernels.end() ? nullptr : &*found;
}

const InstalledKernel *InstallState::find(const std::string &release) const
{
    return const_cast<InstallState *>(this)->find(release); // NOLINT: the same search, nothing is changed
}

std::string InstallState::default_release(const std::string &without) const
{
    const InstalledKernel *best = nullptr;
    for (const auto &kernel : kernels) {
        if (kernel.promoted > 0 && kernel.state == KernelState::promoted && kernel.release != without &&
            (best == nullptr || kernel.promoted > best->promoted))
            best = &kernel;
    }
    return best == nullptr ? fallback : best->release;
}

unsigned InstallState::last_promotion() const
{
    const auto last = std::ranges::max_element(kernels, {}, &InstalledKernel::promoted);
    return last == kernels.end() ? 0 : last->promoted;
}

std::string state_text(const InstallState &state)
{
    ordered_json json = {{"format", format_version},
                         {"fallback", state.fallback},
                         {"kernels", ordered_json::array()},
                         {"operation", nullptr}};
    for (const auto &kernel : state.kernels)
        json["kernels"].push_back({{"release", kernel.release},
                                   {"state", word_for(kernel.state)},
                                   {"promoted", kernel.promoted},
                                   {"packages", packages_json(kernel.packages)},
                                   {"shared_packages", packages_json(kernel.shared_packages)}});
    if (const auto &operation = state.operation)
        json["operation"] = {
            {"kind", word_for(operation->kind)}, {"release", operation->release}, {"debs", operation->debs}};
    return json.dump(2) + "\n";
}

Result<InstallState> read_state(Filesystem &files, const SystemLayout &layout)
{
    const auto path = layout.state();
    const auto text = TRY(files.read_if_there(path));
    if (!text)
        return InstallState{};
    const auto json = ordered_json::parse(*text, nullptr, false);
    if (json.is_object() && json.contains("format") && json["format"] != format_version)
        return failure(fmt::format("{} was written by another version of krunctl", path.string()),
                       "use the newer krunctl");
    try {
        return state_from(json);
    } catch (const std::exception &) {
        return failure(fmt::format("{} is damaged", path.string()),
                       fmt::format("see which kernels are installed (dpkg -l 'linux-image*'); {} keeps the default "
                                   "in place while it exists",
                                   layout.drop_in().string()));
    }
}

InstallStatus install_status(const Target &target, const InstallState &state)
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

ordered_json status_json(const InstallStatus &status)
{
    auto kernels = ordered_json::array();
    for (const auto &kernel : status.state.kernels) {
        auto packages = ordered_json::array();
        for (const auto &package : kernel.packages)
            packages.push_back(package.name);
        kernels.push_back({{"release", kernel.release}, {"state", word_for(kernel.state)}, {"packages", packages}});
    }
    ordered_json interrupted;
    if (const auto &operation = status.state.operation)
        interrupted = {{"kind", word_for(operation->kind)}, {"release", operation->release}};
    return {{"kernels", kernels},
            {"running", status.running},
            {"default", status.default_release},
            {"next_boot_only", status.next_release},
            {"waiting", status.waiting},
            {"interrupted", interrupted}};
}

} // namespace krun
