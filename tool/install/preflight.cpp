// SPDX-License-Identifier: MIT
// The checks of packages, disks and modules, and the reports of all checks; see preflight.hpp.
#include "install/preflight.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "util/text.hpp"

namespace krun
{
namespace preflight_parts
{
namespace
{

constexpr std::uintmax_t mib = 1 << 20;

std::uintmax_t in_mib(std::uintmax_t bytes) { return (bytes + mib - 1) / mib; }

std::uintmax_t largest_initrd(const Target &target)
{
    std::uintmax_t largest = 0;
    for (const auto &name : target.files.list(target.layout.boot()).value_or(std::vector<std::string>{})) {
        if (name.starts_with("initrd.img-"))
            largest = std::max(largest, target.files.size_of(target.layout.boot() / name));
    }
    return largest;
}

void add_modules_below(const Target &target, const std::filesystem::path &folder, std::set<std::string> &names)
{
    for (const auto &name : target.files.list(folder).value_or(std::vector<std::string>{})) {
        if (target.files.is_directory(folder / name))
            add_modules_below(target, folder / name, names);
        else if (const auto at = name.find(".ko"); at != std::string::npos && at > 0)
            names.insert(name.substr(0, at));
    }
}

// Those that are not of the kernel's own tree: built by DKMS, put beside it, or loaded and marked as such.
std::set<std::string> modules_of_others(const Target &target)
{
    std::set<std::string> names;
    for (const char *folder : {"updates", "extra", "misc"})
        add_modules_below(target, target.layout.modules(target.running_release) / folder, names);
    for (const auto &line : lines_of(target.files.read(target.layout.at("/proc/modules")).value_or(""))) {
        const auto words = words_of(line); // name … address (OE)
        if (words.size() > 6 && words.back().front() == '(' && words.back().find('O') != std::string::npos)
            names.insert(words.front());
    }
    if (const auto dkms = target.runner.run({.argv = {"dkms", "status"}, .asks = true}); dkms && dkms->ok()) {
        for (const auto &line : lines_of(dkms->output)) { // "name/version, kernel, arch: installed"
            if (const auto end = line.find_first_of("/,"); end != std::string::npos && end > 0)
                names.insert(line.substr(0, end));
        }
    }
    names.erase("krun"); // ours, which the new kernel has built in
    return names;
}

CheckResult architecture(const PreflightSubject &subject)
{
    const auto result = subject.target.runner.run({.argv = {"dpkg", "--print-architecture"}, .asks = true});
    if (!result || !result->ok())
        return lacks("dpkg does not answer", "this is for Debian 12 and newer");
    const auto own = trim(result->output);
    for (const auto &package : subject.packages.all()) {
        if (package.architecture != own && package.architecture != "all")
            return fail(fmt::format("{} is for {}, this machine is {}", package.name, package.architecture, own),
                        "build the kernel on such a machine");
    }
    return pass(own);
}

CheckResult new_release(const PreflightSubject &subject)
{
    auto &target = subject.target;
    const auto &release = subject.packages.release;
    if (subject.state.find(release) != nullptr)
        return fail(fmt::format("{} is installed", release), fmt::format("sudo krunctl uninstall {}", release));
    for (const auto &package : subject.packages.kernel) {
        const auto status = target.package_status(package.name);
        if (status && *status != "not-installed")
            return fail(fmt::format("{} is installed, but not by krunctl", package.name),
                        fmt::format("sudo dpkg --purge {}", package.name));
    }
    for (const auto &path : {target.layout.kernel(release), target.layout.initrd(release)}) {
        if (target.files.exists(path))
            return fail(fmt::format("{} exists, but belongs to no package", path.string()), "move it away");
    }
    return pass(release);
}

CheckResult dpkg_state(const PreflightSubject &subject)
{
    const auto audit = subject.target.runner.run({.argv = {"dpkg", "--audit"}, .asks = true});
    if (!audit)
        return lacks(audit.error().message, "this is for Debian 12 and newer");
    if (!audit->ok() || !trim(audit->output).empty())
        return fail("packages are half installed", "sudo dpkg --configure -a, and see `dpkg --audit`");
    return pass("yes");
}

CheckResult space(const PreflightSubject &subject)
{
    auto &target = subject.target;
    // An initrd of the new kernel is about as large as the others; half of it more, since it is made beside itself
    // when it is made again.
    const auto initrd = largest_initrd(target);
    const auto boot = subject.packages.kernel_bytes + initrd + initrd / 2 + 8 * mib;
    std::uintmax_t all = 64 * mib;
    for (const auto &package : subject.packages.all())
        all += package.installed_bytes + target.files.size_of(package.deb); // which is copied
    const auto boot_free = target.files.free_space(target.layout.boot());
    const auto root_free = target.files.free_space(target.layout.at("/lib/modules"));
    if (boot_free == root_free) // one file system for both
        all += boot;
    if (boot_free < boot)
        return fail(fmt::format("{} MiB free in /boot, {} MiB needed", boot_free / mib, in_mib(boot)),
                    "remove kernels that you no longer need: sudo apt-get autoremove --purge");
    if (root_free < all)
        return fail(fmt::format("{} MiB free for the modules, {} MiB needed", root_free / mib, in_mib(all)),
                    "sudo apt-get clean, or remove something large");
    return pass(fmt::format("{} MiB needed in /boot, {} MiB elsewhere", in_mib(boot), in_mib(all)));
}

CheckResult other_modules(const PreflightSubject &subject)
{
    const auto names = modules_of_others(subject.target);
    if (names.empty())
        return pass("none");
    return warn(fmt::format("the new kernel does not have {} unless DKMS builds them for it", fmt::join(names, ", ")),
                "name linux-headers-… too, which DKMS needs; and be sure that the machine boots without them");
}

constexpr std::array system_rows = {Row{"architecture", "the packages are for this machine", architecture},
                                    Row{"new-release", "this kernel is not installed yet", new_release},
                                    Row{"dpkg", "dpkg is in order", dpkg_state}, Row{"space", "there is space", space},
                                    Row{"other-modules", "no third-party module gets lost", other_modules}};

} // namespace
} // namespace preflight_parts

std::vector<CheckResult> preflight(const PreflightSubject &subject)
{
    using namespace preflight_parts;
    auto rows = boot_rows();
    rows.insert(rows.end(), system_rows.begin(), system_rows.end());
    std::vector<CheckResult> checks;
    for (const auto &row : rows) {
        auto check = row.run(subject);
        check.id = row.id;
        check.title = row.title;
        checks.push_back(std::move(check));
    }
    return checks;
}

ExitCode preflight_code(const std::vector<CheckResult> &checks)
{
    auto code = ExitCode::done;
    for (const auto &check : checks) {
        if (check.status == CheckStatus::fail && code != ExitCode::host_lacks)
            code = check.exit_code;
    }
    return code;
}

std::string preflight_report(const std::vector<CheckResult> &checks, bool all)
{
    auto shown = checks;
    std::erase_if(shown, [all](const CheckResult &check) {
        return !all && (check.status == CheckStatus::pass || check.status == CheckStatus::skip);
    });
    constexpr std::size_t width = 4; // no other states than pass, warn, fail and skip
    return check_report(shown, width);
}

} // namespace krun
