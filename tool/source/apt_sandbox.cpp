// SPDX-License-Identifier: MIT
// See apt_sandbox.hpp.
#include "source/apt_sandbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

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
const std::string parent = "/var/tmp/";
const std::string prefix = "krunctl-apt-";
const std::string owner_name = "/owner";

void remove_abandoned(Filesystem &files)
{
    for (const auto &name : files.list(parent).value_or(std::vector<std::string>())) {
        struct stat status = {};
        const auto path = parent + name;
        // Anybody may make a folder of such a name there.
        if (name.starts_with(prefix) && lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
            status.st_uid == 0 && FileLock::try_acquire(path + owner_name))
            static_cast<void>(files.remove_all(path));
    }
}

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
    command.environment["LC_ALL"] = "C";
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
    uid_t user = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), user);
    return read.ec == std::errc() && user != 0 ? std::optional(user) : std::nullopt;
}

} // namespace

Result<std::optional<AptSandbox>> AptSandbox::make(const Env &env, const std::string &sources)
{
    if (geteuid() != 0 || is_local(sources))
        return std::optional<AptSandbox>();
    const auto user = TRY(user_of_methods(env.runner));
    if (!user)
        return std::optional<AptSandbox>();
    auto path = parent + prefix + "XXXXXX";
    if (env.dry_run())
        return std::optional(AptSandbox(env.files, path, FileLock()));
    remove_abandoned(env.files);
    if (mkdtemp(path.data()) == nullptr) {
        say(fmt::format("note: apt downloads as root, since there can be no folder in {}: {}", parent,
                        std::strerror(errno)));
        return std::optional<AptSandbox>();
    }
    auto owner = TRY(FileLock::acquire(path + owner_name, path));
    AptSandbox sandbox(env.files, path, std::move(owner));
    constexpr mode_t to_pass = 0711;
    if (chmod(path.c_str(), to_pass) != 0)
        return system_failure("change the mode of", path, errno);
    for (const auto *folder : {"lists/partial", "archives/partial", "downloads"})
        TRY(env.files.make_directories(sandbox.folder_ / folder));
    for (const auto *folder : {"lists", "archives", "downloads"}) {
        constexpr mode_t to_read = 0755;
        if (chmod((sandbox.folder_ / folder).c_str(), to_read) != 0) // whatever our umask is
            return system_failure("change the mode of", sandbox.folder_ / folder, errno);
    }
    // Root of a namespace without other users, or without that capability, cannot; nor would apt's sandbox work there.
    if (chown(sandbox.downloads().c_str(), *user, static_cast<gid_t>(-1)) != 0)
        return std::optional<AptSandbox>();
    return std::optional(std::move(sandbox));
}

AptSandbox::AptSandbox(AptSandbox &&other) noexcept
    : files_(other.files_), folder_(std::move(other.folder_)), owner_(std::move(other.owner_))
{
    other.folder_.clear();
}

AptSandbox::~AptSandbox()
{
    if (!folder_.empty())
        static_cast<void>(files_.remove_all(folder_));
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
