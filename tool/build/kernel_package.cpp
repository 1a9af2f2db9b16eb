// SPDX-License-Identifier: MIT
// Debian packages of a kernel; see kernel_package.hpp.
#include "build/kernel_package.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

#include "build/kernel_make.hpp"
#include "build/repacked_deb.hpp"
#include "util/digest.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

constexpr const char *source_name = "linux-krun";

std::string changelog_of(const PackagePlan &plan)
{
    return fmt::format("{} ({}) unstable; urgency=medium\n\n"
                       "  * Linux {} with the Krun system calls, built by krunctl.\n"
                       "    What it was built from: /usr/share/krun/{}/metadata.json\n\n"
                       " -- krun <krun@krun>  Tue, 01 Jan 1980 00:00:00 +0000\n",
                       source_name, plan.version, plan.release, plan.release);
}

// The kernel leaves them beside its objects, which is the tree; no kernel brings files of such names along.
std::filesystem::path made_packages_folder(const KernelMake &make) { return make.objects.parent_path(); }

Result<void> finish_package(const Env &env, const KernelMake &make, const PackagePlan &plan, const std::string &name,
                            const nlohmann::ordered_json &metadata, const std::vector<std::filesystem::path> &selftests)
{
    Repacking repacking;
    repacking.deb = made_packages_folder(make) / name;
    repacking.work = plan.folder / "unpacked";
    repacking.target = plan.finished(name);
    repacking.log = make.log;
    repacking.changelog = changelog_of(plan);
    if (!env.dry_run() && !env.files.exists(repacking.deb))
        return failure(fmt::format("packaging the kernel produced no {}", name), {}, make.log.string());
    if (name.starts_with("linux-image-")) {
        repacking.added = {{fmt::format("usr/share/krun/{}/metadata.json", plan.release), metadata.dump(2) + "\n"}};
        for (const auto &program : selftests)
            repacking.programs.push_back(
                {fmt::format("usr/lib/krun/{}/selftests/{}", plan.release, program.filename().string()), program});
    }
    return repack_deb(env, repacking);
}

// Those of administrators' programs (depmod) are not on everybody's PATH.
std::string path_of_administrators()
{
    const char *path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    return fmt::format("{}:/usr/sbin:/sbin", path == nullptr ? "/usr/bin:/bin" : path);
}

Command packaging_command(const KernelMake &make, const PackagePlan &plan)
{
    auto command = make.command({"bindeb-pkg"});
    command.argv.insert(
        command.argv.end(),
        {"KDEB_PKGVERSION=" + plan.version, fmt::format("KDEB_SOURCENAME={}", source_name),
         "KDEB_CHANGELOG_DIST=unstable",
         "KDEB_COMPRESS=none", // they are packed once more
         "DPKG_FLAGS=--no-check-builddeps",
         "KBUILD_PKG_ROOTCMD="}); // needed by no kernel, but fakeroot has to be installed for some without this
    // Wishes that the caller has for packages of their own must not reach these.
    command.environment.insert({{"PATH", path_of_administrators()},
                                {"SOURCE_DATE_EPOCH", fmt::format("{}", package_epoch)},
                                {"DEBFULLNAME", "krun"},
                                {"DEBEMAIL", "krun@krun"},
                                {"DEB_BUILD_OPTIONS", ""},
                                {"DEB_BUILD_PROFILES", fmt::format("pkg.{}.nokerneldbg", source_name)},
                                {"DH_OPTIONS", ""},
                                {"KBUILD_DEBARCH", ""},
                                {"KDEB_HOOKDIR", ""}});
    return command;
}

} // namespace

std::vector<std::string> PackagePlan::names() const
{
    std::vector<std::string> result = {fmt::format("linux-image-{}_{}_amd64.deb", release, version)};
    if (headers)
        result.push_back(fmt::format("linux-headers-{}_{}_amd64.deb", release, version));
    return result;
}

std::filesystem::path PackagePlan::finished(const std::string &name) const { return folder / "packages" / name; }

std::string package_version_of(const std::string &kernel_version)
{
    auto version = kernel_version;
    if (const auto candidate = version.find("-rc"); candidate != std::string::npos)
        version[candidate] = '~';
    for (auto &character : version) {
        const bool allowed = std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                             std::string_view(".+-~").find(character) != std::string_view::npos;
        if (!allowed)
            character = '.';
    }
    return version + "-1";
}

Result<void> expect_package_name(const std::string &what, const std::string &text, ExitCode code)
{
    const auto bad = std::find_if_not(text.begin(), text.end(), [](unsigned char character) {
        return std::islower(character) != 0 || std::isdigit(character) != 0 || character == '+' || character == '-' ||
               character == '.';
    });
    if (bad == text.end())
        return {};
    return tl::unexpected(Error{
        code,
        fmt::format("{} {} contains the character '{}', which the name of a package cannot have", what, text, *bad),
        "only lower-case letters, digits and dots are allowed with --package",
        {}});
}

Result<void> clear_packaging(Filesystem &files, const KernelMake &make, const PackagePlan &plan)
{
    for (const auto *folder : {"packages", "unpacked", "selftests"})
        TRY(files.remove_all(plan.folder / folder));
    const auto made = made_packages_folder(make);
    for (const auto &name : files.list(made).value_or(std::vector<std::string>())) {
        if (name.ends_with(".deb") || name.ends_with(".changes") || name.ends_with(".buildinfo"))
            TRY(files.remove_all(made / name));
    }
    return files.remove_all(make.objects / "debian");
}

Result<std::vector<std::filesystem::path>> package_kernel(const Env &env, const KernelMake &make,
                                                          const PackagePlan &plan, nlohmann::ordered_json &metadata)
{
    TRY(clear_packaging(env.files, make, plan));
    TRY(env.files.make_directories(plan.folder));
    // A folder that hands its group down would do so to debian/, and dpkg-deb takes none with that bit.
    Command modes;
    modes.argv = {"chmod", "ug-s", plan.folder.string(), make.tree.string(), make.objects.string()};
    TRY(env.runner.run_ok(modes));
    metadata["package_format"] = package_format;
    metadata["package_version"] = plan.version;
    metadata["packages"] = plan.names();
    Progress progress("packaging", 0);
    TRY(run_kernel_make(env, make, packaging_command(make, plan), progress, "packaging"));
    const auto selftests = TRY(build_selftests(env, make.tree, plan.folder / "selftests", make.log));
    std::vector<std::filesystem::path> packages;
    auto checksums = nlohmann::ordered_json::object();
    for (const auto &name : plan.names()) {
        progress.advance(name);
        TRY(finish_package(env, make, plan, name, metadata, selftests));
        if (!env.dry_run())
            checksums[name] = TRY(sha256_of_file(env.runner, plan.finished(name)));
        packages.push_back(plan.finished(name));
    }
    metadata["checksums"] = checksums; // last, because a package cannot hold its own
    progress.finish(fmt::format("{} packages", packages.size()));
    return packages;
}

bool has_packages(const Env &env, const std::filesystem::path &folder, const nlohmann::ordered_json &metadata)
{
    const auto checksums = metadata.find("checksums");
    if (metadata.value("package_format", 0) != package_format || checksums == metadata.end() || checksums->empty())
        return false;
    for (const auto &[name, expected] : checksums->items()) {
        if (!env.files.exists(folder / name))
            return false;
        const auto actual = sha256_of_file(env.runner, folder / name);
        if (!actual || expected != *actual)
            return false;
    }
    return true;
}

} // namespace krun
