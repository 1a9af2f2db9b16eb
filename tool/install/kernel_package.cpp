// SPDX-License-Identifier: MIT

#include "install/kernel_package.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "util/digest.hpp"
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

namespace
{

namespace fs = std::filesystem;

constexpr const char *deb_suffix = ".deb";

Result<fs::path> copy_one(Target &target, const fs::path &deb)
{
    const auto folder = target.layout.kept_packages();
    const auto copy = folder / "incoming";
    TRY(target.files.copy_file(deb, copy));
    const auto digest = TRY(sha256_of_file(target.runner, copy));
    const auto name = folder / (digest + deb_suffix);
    TRY(target.files.rename(copy, name));
    return name;
}

bool are_alike(const KernelPackages &one, const KernelPackages &other)
{
    const auto all = one.all();
    const auto others = other.all();
    return one.release == other.release && std::equal(all.begin(), all.end(), others.begin(), others.end(),
                                                      [](const KernelPackage &left, const KernelPackage &right) {
                                                          return left.name == right.name &&
                                                                 left.version == right.version &&
                                                                 left.architecture == right.architecture;
                                                      });
}

// With the folder around them, unless there is a state in it.
void remove_copies(Target &target)
{
    const auto &layout = target.layout;
    static_cast<void>(
        target.files.remove_all(target.files.exists(layout.state()) ? layout.kept_packages() : layout.state_folder()));
}

} // namespace

Result<KeptPackages> KeptPackages::copy(Target &target, const KernelPackages &packages)
{
    const auto folder = target.layout.kept_packages();
    if (auto made = target.files.remove_all(folder).and_then([&] { return target.files.make_private_folder(folder); });
        !made)
        return tl::unexpected(made.error());
    KeptPackages kept(target);
    std::vector<fs::path> copies;
    for (const auto &package : packages.all()) {
        auto copied = TRY(copy_one(target, package.deb));
        copies.push_back(std::move(copied));
    }
    // Before a journal names them.
    std::vector<std::string> argv = {"sync", "--"};
    for (const auto &path : copies)
        argv.push_back(path.string());
    argv.push_back(folder.string());
    TRY(target.runner.run_ok(plain_command(std::move(argv))));
    auto read = TRY(read_kernel_packages(target, copies));
    if (!are_alike(read, packages))
        return failure("the packages were changed while they were read", "find out by whom, and try again");
    kept.packages_ = std::move(read);
    return kept;
}

KeptPackages::KeptPackages(KeptPackages &&other) noexcept
    : target_(std::exchange(other.target_, nullptr)), packages_(std::move(other.packages_))
{
}

KeptPackages::~KeptPackages()
{
    if (target_ != nullptr)
        remove_copies(*target_);
}

void remove_abandoned_packages(Target &target, const InstallState &state)
{
    if (!state.operation && target.files.exists(target.layout.kept_packages()))
        remove_copies(target);
}

Result<void> expect_kept(Target &target, const fs::path &deb)
{
    constexpr const char *way_out = "roll the installation back with `krunctl install --undo`, and begin again";
    if (!target.files.exists(deb))
        return failure(fmt::format("the package {} is no longer there", deb.string()), way_out);
    const auto digest = TRY(sha256_of_file(target.runner, deb));
    if (deb != target.layout.kept_packages() / (digest + deb_suffix))
        return failure(fmt::format("{} is not the package that was checked", deb.string()), way_out);
    return {};
}

} // namespace krun
