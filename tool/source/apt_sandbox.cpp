// SPDX-License-Identifier: MIT
// See apt_sandbox.hpp.
#include "source/apt_sandbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "util/child_process.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// Not in /tmp, which may be in memory: a kernel's source and the lists are some hundred megabytes.
constexpr const char *parent = "/var/tmp";
constexpr const char *prefix = "krunctl-apt";

bool is_local(const std::string &sources)
{
    const auto lines = lines_of(sources);
    return std::any_of(lines.begin(), lines.end(), [](const std::string &line) {
        return line.starts_with("URIs: file:") || line.starts_with("URIs: copy:") || line.starts_with("URIs: cdrom:");
    });
}

Result<std::string> answer_of(ProcessRunner &runner, std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.asks = true;
    const auto answer = TRY(runner.run(command));
    return answer.ok() ? trim(answer.output) : std::string();
}

// The id of the user that apt is to become; nothing when there is none but us.
Result<std::optional<uid_t>> user_of_methods(ProcessRunner &runner)
{
    const auto name = answer_of(runner, {"apt-config", "shell", "user", "APT::Sandbox::User"}); // user='_apt'
    if (!name)
        return tl::unexpected(name.error());
    const auto begin = name->find('\'');
    const auto end = name->rfind('\'');
    if (begin == std::string::npos || end <= begin + 1)
        return std::optional<uid_t>();
    const auto id = TRY(answer_of(runner, {"id", "-u", "--", name->substr(begin + 1, end - begin - 1)}));
    const auto user = whole_number<uid_t>(id);
    return user == 0U ? std::nullopt : user;
}

} // namespace

Result<std::optional<AptSandbox>> AptSandbox::make(const Env &env, const std::string &sources)
{
    if (geteuid() != 0 || is_local(sources))
        return std::optional<AptSandbox>();
    const auto user = TRY(user_of_methods(env.runner));
    if (!user)
        return std::optional<AptSandbox>();
    if (env.dry_run())
        return std::optional(AptSandbox(ScratchFolder::shown(env.files, parent, prefix)));
    ScratchFolder::remove_abandoned_in_public(env.files, parent, prefix);
    auto folder = ScratchFolder::make_in_public(env.files, parent, prefix);
    if (!folder && folder.error().code == ExitCode::interrupted)
        return tl::unexpected(folder.error());
    if (!folder) {
        say("note: apt downloads as root: " + folder.error().message);
        return std::optional<AptSandbox>();
    }
    AptSandbox sandbox(std::move(*folder));
    for (const auto &path : {sandbox.lists() / "partial", sandbox.archives() / "partial", sandbox.downloads()})
        TRY(env.files.make_directories(path));
    constexpr mode_t to_pass = 0711;
    constexpr mode_t to_read = 0755;
    for (const auto &[path, mode] : {std::pair(sandbox.folder_.path(), to_pass), std::pair(sandbox.lists(), to_read),
                                     std::pair(sandbox.archives(), to_read), std::pair(sandbox.downloads(), to_read)}) {
        if (chmod(path.c_str(), mode) != 0) // whatever our umask is
            return system_failure("change the mode of", path, errno);
    }
    // Root of a namespace without other users, or without that capability, cannot; nor would apt's sandbox work there.
    if (chown(sandbox.downloads().c_str(), *user, static_cast<gid_t>(-1)) != 0)
        return std::optional<AptSandbox>();
    return std::optional(std::move(sandbox));
}

Result<void> copy_foreign_file(const fs::path &from, const fs::path &to)
{
    constexpr mode_t mode = 0644;
    const OwnedDescriptor source(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!source.is_open() || fstat(source.get(), &status) != 0)
        return system_failure("read", from, errno);
    if (!S_ISREG(status.st_mode))
        return failure(fmt::format("{} is no file", from.string()));
    const OwnedDescriptor target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!target.is_open())
        return system_failure("write", to, errno);
    return copy_data(source, from, target, to);
}

} // namespace krun
