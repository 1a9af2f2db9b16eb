// SPDX-License-Identifier: MIT
// The local version; see local_version.hpp.
#include "build/local_version.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "util/child_environment.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t digits = 6;
constexpr std::size_t longest = 40; // `uname -r` has room for 64 characters with the kernel's own version

bool is_allowed(unsigned char character)
{
    return character < 0x80 && (std::isalnum(character) != 0 || character == '.');
}

} // namespace

Result<void> check_local_version(const std::string &local_version)
{
    const auto bad = std::find_if_not(local_version.begin(), local_version.end(), is_allowed);
    const std::string hint = "only letters, digits and dots are allowed, as in `.krun.test1`";
    if (bad != local_version.end())
        return usage_error(
            fmt::format("the local version {} contains the character '{}'", shell_quoted(local_version), *bad), hint);
    if (local_version.empty())
        return usage_error("the local version is empty", hint);
    if (local_version.size() > longest)
        return usage_error(fmt::format("the local version {} is longer than {} characters", local_version, longest));
    return {};
}

Result<std::string> default_local_version(ProcessRunner &runner, const std::filesystem::path &data,
                                          const std::string &overlay_hash)
{
    const auto from_overlay = ".krun." + overlay_hash.substr(0, digits);
    if (!program_on_path("git"))
        return from_overlay;
    Command command;
    command.argv = {"git", "-C", data.string(), "rev-parse", "--show-toplevel", "HEAD"};
    command.asks = true;
    command.inherits = variables_for_git(); // with a GIT_DIR, the commit would be another repository's
    const auto result = TRY(runner.run(command));
    const auto lines = lines_of(result.output);
    // A copy of our data inside somebody else's clone must not take that one's commit for its own.
    std::error_code ignored;
    if (!result.ok() || lines.size() != 2 || lines[1].size() < digits ||
        !std::filesystem::equivalent(lines[0], data, ignored))
        return from_overlay;
    return ".krun." + lines[1].substr(0, digits);
}

} // namespace krun
