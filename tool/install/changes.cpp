// SPDX-License-Identifier: MIT
// See changes.hpp.
#include "install/changes.hpp"

#include <fmt/format.h>

#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{

Result<void> RealChanges::run(const Command &command)
{
    auto logged = command;
    // An unwritable log ends the program, but must not keep dpkg from freeing space.
    constexpr std::uintmax_t room_for_log = 1 << 20;
    if (target_.files.free_space(log_.parent_path()) >= room_for_log)
        logged.log = log_;
    const auto result = TRY(target_.runner.run(logged));
    if (result.ok())
        return {};
    const auto name = fmt::format("`{}`", command.argv.front());
    if (tells_of_full_disk(result.errors) || tells_of_full_disk(result.output))
        return no_space(fmt::format("no space left for {}", name), "free some space: see df -h / /boot");
    return failure(
        fmt::format("{} failed with status {}: {}", name, result.status, trim(last_lines(trim(result.errors), 1))));
}

Result<void> RealChanges::write(const std::filesystem::path &path, const std::string &text, unsigned mode)
{
    TRY(target_.files.make_directories(path.parent_path()));
    return target_.files.write_durably(path, text, mode);
}

Result<void> RealChanges::remove(const std::filesystem::path &path)
{
    if (!target_.files.exists(path))
        return {};
    return target_.files.remove_all(path);
}

Result<void> RealChanges::copy(const std::filesystem::path &from, const std::filesystem::path &to)
{
    return target_.files.copy_file(from, to);
}

Result<void> RealChanges::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    return target_.files.rename(from, to);
}

Result<void> RealChanges::save(const InstallState &state)
{
    if (state.empty())
        return remove(target_.layout.state_folder());
    return write(target_.layout.state(), state_text(state), 0644);
}

Result<void> ShownChanges::run(const Command &command)
{
    lines_.push_back(quoted(command));
    return {};
}

Result<void> ShownChanges::write(const std::filesystem::path &path, const std::string &text, unsigned mode)
{
    lines_.push_back(fmt::format("write {} (mode {:o}):", shell_quoted(path.string()), mode));
    for (const auto &line : lines_of(text))
        lines_.push_back("  | " + line);
    return {};
}

Result<void> ShownChanges::remove(const std::filesystem::path &path)
{
    if (target_.files.exists(path))
        lines_.push_back("remove " + shell_quoted(path.string()));
    return {};
}

Result<void> ShownChanges::copy(const std::filesystem::path &from, const std::filesystem::path &to)
{
    lines_.push_back(fmt::format("copy {} to {}", shell_quoted(from.string()), shell_quoted(to.string())));
    return {};
}

Result<void> ShownChanges::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    lines_.push_back(fmt::format("rename {} to {}", shell_quoted(from.string()), shell_quoted(to.string())));
    return {};
}

Result<void> ShownChanges::save(const InstallState &state)
{
    const auto doing = state.operation
                           ? fmt::format(" ({} of {} begun)", word_for(state.operation->kind), state.operation->release)
                           : std::string();
    lines_.push_back(fmt::format("{} {}{}", state.empty() ? "remove" : "write",
                                 shell_quoted(target_.layout.state().string()), doing));
    return {};
}

} // namespace krun
