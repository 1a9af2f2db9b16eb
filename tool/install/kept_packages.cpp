// SPDX-License-Identifier: MIT
// See kept_packages.hpp.
#include "install/kept_packages.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "util/digest.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *suffix = ".deb";

Result<fs::path> copy_one(Target &target, const fs::path &deb)
{
    const auto folder = target.layout.kept_packages();
    const auto copy = folder / "incoming";
    TRY(target.files.copy_file(deb, copy));
    const auto digest = TRY(sha256_of_file(target.runner, copy));
    const auto name = folder / (digest + suffix);
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
    if (deb != target.layout.kept_packages() / (digest + suffix))
        return failure(fmt::format("{} is not the package that was checked", deb.string()), way_out);
    return {};
}

} // namespace krun
