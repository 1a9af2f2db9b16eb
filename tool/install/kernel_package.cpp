// SPDX-License-Identifier: MIT
// What the .deb files are, by dpkg-deb; see kernel_package.hpp.
#include "install/kernel_package.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

#include "util/input_file.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *way_to_packages = "`krunctl build --package` makes the packages of a Krun kernel";

Command dpkg_deb(const std::vector<std::string> &arguments)
{
    Command command;
    command.argv = {"dpkg-deb"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment["LC_ALL"] = "C";
    return command;
}

bool has_only(const std::string &text, std::string_view characters)
{
    return std::all_of(text.begin(), text.end(), [&](unsigned char character) {
        return std::isalnum(character) != 0 || characters.find(static_cast<char>(character)) != std::string_view::npos;
    });
}

// As Debian's policy has them (5.6.1, 5.6.8, 5.6.12): files and folders are named after them.
bool are_fields_of_debian(const KernelPackage &package)
{
    const auto begins_well = [](const std::string &text) {
        return !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0;
    };
    return begins_well(package.name) && has_only(package.name, "+-.") && begins_well(package.version) &&
           has_only(package.version, "+-.~:") && has_only(package.architecture, "-");
}

// Takes release and size of the kernel from the package's list of files.
Result<void> read_image(ProcessRunner &runner, const KernelPackage &image, KernelPackages &packages)
{
    const auto result = TRY(runner.run(dpkg_deb({"-c", image.deb.string()})));
    if (!result.ok())
        return usage_error(fmt::format("{} is damaged", shell_quoted(image.deb.string())), way_to_packages);
    const auto release = image.name.substr(std::string("linux-image-").size());
    if (!is_release(release))
        return usage_error(fmt::format("{} is not a Krun kernel: {} is no kernel's release",
                                       shell_quoted(image.deb.string()), shell_quoted(release)),
                           way_to_packages);
    bool has_metadata = false;
    bool has_kernel = false;
    for (const auto &line : lines_of(result.output)) {
        const auto words = words_of(line); // mode, owner, size, date, time, name
        if (words.size() < 6)
            continue;
        has_metadata = has_metadata || words[5] == "./usr/share/krun/" + release + "/metadata.json";
        if (words[5] == "./boot/vmlinuz-" + release) {
            has_kernel = true;
            packages.kernel_bytes = std::strtoull(words[2].c_str(), nullptr, 10);
        }
    }
    if (!has_metadata || !has_kernel)
        return usage_error(fmt::format("{} is not a Krun kernel", shell_quoted(image.deb.string())), way_to_packages);
    packages.release = release;
    return {};
}

tl::unexpected<Error> does_not_belong(const KernelPackage &package, const std::string &release)
{
    return usage_error(fmt::format("{} does not belong to the kernel {}", package.name, release),
                       fmt::format("besides the kernel, its linux-headers-{} and {} can be named; install others "
                                   "with apt",
                                   release, shared_package_name));
}

} // namespace

Result<KernelPackage> read_package(const Env &env, const std::filesystem::path &deb)
{
    if (!env.files.exists(deb) || env.files.is_directory(deb))
        return usage_error(fmt::format("there is no file {}", shell_quoted(deb.string())), way_to_packages);
    TRY(expect_regular_file(deb, {"package", way_to_packages}));
    const auto result =
        env.runner.run(dpkg_deb({"-f", deb.string(), "Package", "Version", "Architecture", "Installed-Size"}));
    if (!result)
        return tl::unexpected(result.error());
    std::map<std::string, std::string> fields;
    for (const auto &line : lines_of(result->output)) {
        if (const auto colon = line.find(':'); colon != std::string::npos)
            fields[line.substr(0, colon)] = trim(line.substr(colon + 1));
    }
    if (!result->ok() || fields["Package"].empty() || fields["Version"].empty())
        return usage_error(fmt::format("{} is not a Debian package", shell_quoted(deb.string())), way_to_packages);
    constexpr std::uintmax_t kib = 1024;
    KernelPackage package{deb, fields["Package"], fields["Version"], fields["Architecture"],
                          std::strtoull(fields["Installed-Size"].c_str(), nullptr, 10) * kib};
    if (!are_fields_of_debian(package))
        return usage_error(fmt::format("{} is not a Debian package: its name, version or architecture is none",
                                       shell_quoted(deb.string())),
                           way_to_packages);
    return package;
}

bool is_release(const std::string &text)
{
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0 && has_only(text, "+-.~_");
}

std::vector<KernelPackage> KernelPackages::all() const
{
    auto packages = kernel;
    packages.insert(packages.end(), shared.begin(), shared.end());
    return packages;
}

Result<KernelPackages> read_kernel_packages(const Env &env, const std::vector<std::filesystem::path> &debs)
{
    KernelPackages packages;
    std::vector<KernelPackage> others;
    for (const auto &deb : debs) {
        auto package = TRY(read_package(env, deb));
        if (package.name.rfind("linux-image-", 0) != 0) {
            others.push_back(std::move(package));
            continue;
        }
        if (!packages.kernel.empty())
            return usage_error(fmt::format("{} and {} are two kernels", packages.image().name, package.name),
                               "install one after the other");
        TRY(read_image(env.runner, package, packages));
        packages.kernel.push_back(std::move(package));
    }
    if (packages.kernel.empty())
        return usage_error("no kernel among the packages: none is named linux-image-…", way_to_packages);
    for (auto &package : others) {
        for (const auto &known : packages.all()) {
            if (known.name == package.name)
                return usage_error(fmt::format("{} is named twice", package.name));
        }
        if (package.name == "linux-headers-" + packages.release)
            packages.kernel.push_back(std::move(package));
        else if (package.name == shared_package_name)
            packages.shared.push_back(std::move(package));
        else
            return does_not_belong(package, packages.release);
    }
    return packages;
}

} // namespace krun
