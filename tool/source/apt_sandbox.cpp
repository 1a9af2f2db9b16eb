// SPDX-License-Identifier: MIT
// See apt_sandbox.hpp.
#include "source/apt_sandbox.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

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
    const auto answer = runner.run(command);
    if (!answer)
        return tl::unexpected(answer.error());
    return answer->ok() ? trim(answer->output) : std::string();
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
    const auto id = answer_of(runner, {"id", "-u", "--", name->substr(begin + 1, end - begin - 1)});
    if (!id)
        return tl::unexpected(id.error());
    uid_t user = 0;
    const auto read = std::from_chars(id->data(), id->data() + id->size(), user);
    return read.ec == std::errc() && user != 0 ? std::optional(user) : std::nullopt;
}

} // namespace

Result<std::optional<AptSandbox>> AptSandbox::make(ProcessRunner &runner, Filesystem &files, const std::string &sources)
{
    if (geteuid() != 0 || is_local(sources))
        return std::optional<AptSandbox>();
    const auto user = user_of_methods(runner);
    if (!user)
        return tl::unexpected(user.error());
    if (!*user)
        return std::optional<AptSandbox>();
    // Not in /tmp, which may be in memory: a kernel's source and the lists are some hundred megabytes.
    std::string path = "/var/tmp/krunctl-apt-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
        return system_failure("create a folder in", "/var/tmp", errno);
    AptSandbox sandbox(files, path);
    constexpr mode_t to_pass = 0711;
    if (chmod(path.c_str(), to_pass) != 0)
        return system_failure("change the mode of", path, errno);
    for (const auto *folder : {"lists/partial", "archives/partial", "downloads"}) {
        if (auto made = files.make_directories(sandbox.folder_ / folder); !made)
            return tl::unexpected(made.error());
    }
    for (const auto *folder : {"lists", "archives", "downloads"}) {
        constexpr mode_t to_read = 0755;
        if (chmod((sandbox.folder_ / folder).c_str(), to_read) != 0) // whatever our umask is
            return system_failure("change the mode of", sandbox.folder_ / folder, errno);
    }
    if (chown(sandbox.downloads().c_str(), **user, static_cast<gid_t>(-1)) != 0)
        return system_failure("change the owner of", sandbox.downloads(), errno);
    return std::optional(std::move(sandbox));
}

AptSandbox::AptSandbox(AptSandbox &&other) noexcept : files_(other.files_), folder_(std::move(other.folder_))
{
    other.folder_.clear();
}

AptSandbox::~AptSandbox()
{
    if (!folder_.empty())
        static_cast<void>(files_.remove_all(folder_));
}

} // namespace krun
