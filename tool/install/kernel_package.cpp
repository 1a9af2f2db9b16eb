// SPDX-License-Identifier: MIT

#include "install/kernel_package.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

#include "util/digest.hpp"
#include "util/input_file.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *shared_package_name = "krun-syscall-dev";
constexpr const char *way_to_packages = "`krunctl build --package` makes the packages of a Krun kernel";

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

tl::unexpected<Error> refused(const std::filesystem::path &deb, const std::string &why)
{
    return usage_error(fmt::format("{} is {}", shell_quoted(deb.string()), why), way_to_packages);
}

// Takes release and size of the kernel from the package's list of files.
Result<void> read_image(ProcessRunner &runner, const KernelPackage &image, KernelPackages &packages)
{
    const auto result = TRY(runner.run({.argv = {"dpkg-deb", "-c", image.deb.string()}, .asks = true}));
    if (!result.ok())
        return refused(image.deb, "damaged");
    const auto release = image.name.substr(std::string("linux-image-").size());
    if (!is_release(release))
        return refused(image.deb, fmt::format("not a Krun kernel: {} is no kernel's release", shell_quoted(release)));
    std::map<std::string, std::string> sizes;
    for (const auto &line : lines_of(result.output)) {
        if (const auto words = words_of(line); words.size() > 5) // mode, owner, size, date, time, name
            sizes[words[5]] = words[2];
    }
    const auto kernel = sizes.find("./boot/vmlinuz-" + release);
    if (kernel == sizes.end() || !sizes.contains("./usr/share/krun/" + release + "/metadata.json"))
        return refused(image.deb, "not a Krun kernel");
    packages.release = release;
    packages.kernel_bytes = std::strtoull(kernel->second.c_str(), nullptr, 10);
    return {};
}

} // namespace

Result<KernelPackage> read_package(const Env &env, const std::filesystem::path &deb)
{
    if (!env.files.exists(deb) || env.files.is_directory(deb))
        return usage_error(fmt::format("there is no file {}", shell_quoted(deb.string())), way_to_packages);
    TRY(expect_regular_file(deb, {"package", way_to_packages}));
    const auto result = TRY(env.runner.run(
        {.argv = {"dpkg-deb", "-f", deb.string(), "Package", "Version", "Architecture", "Installed-Size"},
         .asks = true}));
    std::map<std::string, std::string> fields;
    for (const auto &line : lines_of(result.output)) {
        if (const auto colon = line.find(':'); colon != std::string::npos)
            fields[line.substr(0, colon)] = trim(line.substr(colon + 1));
    }
    if (!result.ok() || fields["Package"].empty() || fields["Version"].empty())
        return refused(deb, "not a Debian package");
    constexpr std::uintmax_t kib = 1024;
    KernelPackage package{deb, fields["Package"], fields["Version"], fields["Architecture"],
                          std::strtoull(fields["Installed-Size"].c_str(), nullptr, 10) * kib};
    if (!are_fields_of_debian(package))
        return refused(deb, "not a Debian package: its name, version or architecture is none");
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
        if (!package.name.starts_with("linux-image-")) {
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
        const auto known = packages.all();
        if (std::ranges::find(known, package.name, &KernelPackage::name) != known.end())
            return usage_error(fmt::format("{} is named twice", package.name));
        if (package.name == "linux-headers-" + packages.release)
            packages.kernel.push_back(std::move(package));
        else if (package.name == shared_package_name)
            packages.shared.push_back(std::move(package));
        else
            return usage_error(fmt::format("{} does not belong to the kernel {}", package.name, packages.release),
                               fmt::format("besides the kernel, its linux-headers-{} and {} can be named; install "
                                           "others with apt",
                                           packages.release, shared_package_name));
    }
    return packages;
}

namespace
{

namespace fs = std::filesystem;

// In the folder of copies, as the file of this name.
Result<fs::path> name_of_copy(const Target &target, const fs::path &deb)
{
    return target.layout.kept_packages() / (TRY(sha256_of_file(target.runner, deb)) + ".deb");
}

bool are_alike(const KernelPackages &one, const KernelPackages &other)
{
    const auto facts = [](const KernelPackage &package) {
        return std::tie(package.name, package.version, package.architecture);
    };
    return one.release == other.release && std::ranges::equal(one.all(), other.all(), {}, facts, facts);
}

} // namespace

// With the folder around them, unless there is a state in it.
void KeptPackages::RemoveCopies::operator()(const Target *target) const
{
    const auto &layout = target->layout;
    std::ignore =
        target->files.remove_all(target->files.exists(layout.state()) ? layout.kept_packages() : layout.state_folder());
}

Result<KeptPackages> KeptPackages::copy(const Target &target, const KernelPackages &packages)
{
    const auto folder = target.layout.kept_packages();
    TRY(target.files.remove_all(folder));
    TRY(target.files.make_private_folder(folder));
    KeptPackages kept(target);
    std::vector<fs::path> copies;
    Command sync{.argv = {"sync", "--"}}; // before a journal names them
    for (const auto &package : packages.all()) {
        const auto incoming = folder / "incoming";
        TRY(target.files.copy_file(package.deb, incoming));
        copies.push_back(TRY(name_of_copy(target, incoming)));
        TRY(target.files.rename(incoming, copies.back()));
        sync.argv.push_back(copies.back().string());
    }
    sync.argv.push_back(folder.string());
    TRY(target.runner.run_ok(sync));
    kept.packages_ = TRY(read_kernel_packages(target, copies));
    if (!are_alike(kept.packages_, packages))
        return failure("the packages were changed while they were read", "find out by whom, and try again");
    return kept;
}

void KeptPackages::remove_abandoned(const Target &target, const InstallState &state)
{
    if (!state.operation && target.files.exists(target.layout.kept_packages()))
        RemoveCopies()(&target);
}

Result<void> expect_kept(const Target &target, const fs::path &deb)
{
    constexpr const char *way_out = "roll the installation back with `krunctl install --undo`, and begin again";
    if (!target.files.exists(deb))
        return failure(fmt::format("the package {} is no longer there", deb.string()), way_out);
    if (deb != TRY(name_of_copy(target, deb)))
        return failure(fmt::format("{} is not the package that was checked", deb.string()), way_out);
    return {};
}

} // namespace krun
