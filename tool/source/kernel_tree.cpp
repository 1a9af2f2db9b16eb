// SPDX-License-Identifier: MIT
// What a kernel tree says about itself; see kernel_tree.hpp.
#include "source/kernel_tree.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <utility>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::pair oldest{4U, 9U};

// "SUBLEVEL = 117" and the like. The first of a name counts.
std::map<std::string, std::string> version_settings(const std::string &makefile)
{
    std::map<std::string, std::string> settings;
    for (const auto &line : lines_of(makefile)) {
        const auto equals = line.find('=');
        if (equals == std::string::npos)
            continue;
        settings.emplace(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
    }
    return settings;
}

bool parse_number(const std::string &text, unsigned &number)
{
    const auto parsed = whole_number<unsigned>(text);
    number = parsed.value_or(number);
    return parsed.has_value();
}

// Counts releases from 0.0 on: 3.x ended with 3.19, 4.x with 4.20, 5.x and 6.x with 19.
unsigned ordinal(unsigned major, unsigned minor) { return 20 * major + (major > 4 ? 1 : 0) + minor; }

} // namespace

std::string KernelVersion::text() const { return fmt::format("{}.{}.{}{}", major, minor, sublevel, extra); }

std::string KernelVersion::series() const { return fmt::format("{}.{}", major, minor); }

Result<KernelVersion> kernel_version_of(Filesystem &files, const std::filesystem::path &tree, const std::string &origin)
{
    auto settings = version_settings(files.read(tree / "Makefile").value_or(std::string()));
    KernelVersion version;
    version.extra = settings["EXTRAVERSION"];
    // Many projects have a Makefile with a VERSION; only one has this script too.
    if (!parse_number(settings["VERSION"], version.major) || !parse_number(settings["PATCHLEVEL"], version.minor) ||
        !parse_number(settings["SUBLEVEL"], version.sublevel) ||
        !files.exists(tree / "scripts/kconfig/merge_config.sh"))
        return failure(fmt::format("{} is not a Linux source tree: its Makefile has no kernel version", origin));
    return version;
}

Result<void> expect_unpatched(Filesystem &files, const std::filesystem::path &tree, const std::string &origin)
{
    const auto has_hook = [&](const char *file) {
        return files.read(tree / file).value_or(std::string()).find("krun/Kconfig") != std::string::npos;
    };
    // Where the hook has been, and where it is.
    if (!files.exists(tree / "krun") && !has_hook("Kconfig") && !has_hook("arch/x86/Kconfig"))
        return {};
    return failure(fmt::format("{} is patched already: it contains Krun's hooks or overlay", origin),
                   "name the pristine source that it was made from");
}

Result<void> expect_usable(Filesystem &files, const std::filesystem::path &tree, const std::string &origin)
{
    const auto version = TRY(kernel_version_of(files, tree, origin));
    if (std::pair(version.major, version.minor) < oldest)
        return failure(fmt::format("{} is Linux {}: Krun is for 4.9 and later", origin, version.text()),
                       "take a newer kernel");
    return expect_unpatched(files, tree, origin);
}

unsigned releases_between(const KernelVersion &version, const std::string &series)
{
    KernelVersion other;
    const auto parts = split(series, '.');
    if (parts.size() != 2 || !parse_number(parts[0], other.major) || !parse_number(parts[1], other.minor))
        return std::numeric_limits<unsigned>::max();
    const auto one = ordinal(version.major, version.minor);
    const auto two = ordinal(other.major, other.minor);
    return std::max(one, two) - std::min(one, two);
}

const KernelLine &nearest_line(const std::vector<KernelLine> &lines, const KernelVersion &version)
{
    // Sorted from old to new, and min_element takes the first of equals.
    return *std::min_element(lines.begin(), lines.end(), [&version](const KernelLine &left, const KernelLine &right) {
        return releases_between(version, left.name) < releases_between(version, right.name);
    });
}

} // namespace krun
