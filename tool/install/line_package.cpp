// SPDX-License-Identifier: MIT
// A line's package; see line_package.hpp.
#include "install/line_package.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "source/kernel_tree.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *separator = "+krun"; // between the kernel's version and the number of its publication

std::string control_of(const LinePackage &package)
{
    return fmt::format("Package: {}\n"
                       "Version: {}\n"
                       "Architecture: amd64\n"
                       "Maintainer: krun <krun@localhost>\n"
                       "Section: kernel\n"
                       "Priority: optional\n"
                       "Depends: {}\n"
                       "Description: newest Krun Linux kernel of its line\n"
                       " Depends on the newest kernel, so that upgrading brings it.\n",
                       package.name, package.version, package.depends);
}

} // namespace

std::optional<LinePackage> next_line_package(const std::string &line, const std::string &kernel_version,
                                             const std::string &depends,
                                             const std::optional<PresentLinePackage> &present)
{
    unsigned long number = 1;
    if (present) {
        const auto end = present->version.find(separator);
        const auto version = present->version.substr(0, end);
        if (present->depends == depends || numbers_of(version) > numbers_of(kernel_version))
            return std::nullopt;
        if (version == kernel_version && end != std::string::npos)
            number = std::strtoul(present->version.c_str() + end + std::string(separator).size(), nullptr, 10) + 1;
    }
    return LinePackage{"linux-image-krun-" + line, fmt::format("{}{}{}", kernel_version, separator, number), depends};
}

Result<std::filesystem::path> make_line_package(const Env &env, const LinePackage &package,
                                                const std::filesystem::path &folder)
{
    const auto root = folder / package.name;
    TRY(env.files.make_directories(root / "DEBIAN"));
    TRY(env.files.write(root / "DEBIAN/control", control_of(package)));
    // Whatever our umask is, and also in a folder that hands its group down.
    Command modes;
    modes.argv = {"chmod", "-R", "u=rwX,go=rX,ug-s", root.string()};
    TRY(env.runner.run_ok(modes));
    const auto deb = folder / fmt::format("{}_{}_amd64.deb", package.name, package.version);
    Command command;
    command.argv = {"dpkg-deb", "--root-owner-group", "--build", root.string(), deb.string()};
    command.environment["LC_ALL"] = "C";
    TRY(env.runner.run_ok(command));
    return deb;
}

} // namespace krun
