// SPDX-License-Identifier: MIT

#include "self/krunctl.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "util/text.hpp"

// A packaged krunctl knows no clone: the path of its build is of no use, and would differ between builds.
#ifndef KRUN_SOURCE_DIR
#define KRUN_SOURCE_DIR ""
#endif

namespace krun
{
namespace
{

std::filesystem::path from_environment(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

std::filesystem::path &acted_for()
{
    static std::filesystem::path krunctl;
    return krunctl;
}

// Never below /tmp, where another user may have been first. Empty when there is none.
std::filesystem::path configured_cache()
{
    // The XDG specification says to ignore a relative path in the variable.
    if (const auto cache = from_environment("XDG_CACHE_HOME"); cache.is_absolute())
        return cache / "krun";
    if (const auto home = from_environment("HOME"); home.is_absolute())
        return home / ".cache/krun";
    // Not with getpwuid(), for which a static program would have to load the shared C library.
    const auto list = SystemFilesystem().read("/etc/passwd").value_or(std::string());
    if (const auto home = home_in_list_of_users(list, geteuid()); home.is_absolute())
        return home / ".cache/krun";
    return {};
}

// Before main(), so that no program forgets it.
[[maybe_unused]] const bool cache_is_private = keep_private(configured_cache);

} // namespace

std::filesystem::path cache_directory()
{
    static std::mutex mutex;
    static std::filesystem::path checked; // once it exists, once is enough
    const auto folder = configured_cache();
    if (folder.empty())
        throw UserError({ExitCode::host_lacks,
                         fmt::format("no folder for the cache is known: HOME is not set, and /etc/passwd does not have "
                                     "the user {}",
                                     geteuid()),
                         "name a folder of your own with XDG_CACHE_HOME",
                         {}});
    const std::lock_guard lock(mutex);
    if (folder != checked) {
        unwrap(check_cache_folder(folder, geteuid(), std::getenv("SUDO_UID")));
        if (access(folder.c_str(), F_OK) == 0)
            checked = folder;
    }
    return folder;
}

Result<void> check_cache_folder(const std::filesystem::path &folder, uid_t user, const char *sudo_user)
{
    struct stat status = {};
    if (stat(folder.c_str(), &status) != 0)
        return {};
    const bool callers_of_sudo = user == 0 && sudo_user != nullptr && std::to_string(status.st_uid) == sudo_user;
    if (status.st_uid != user && !callers_of_sudo)
        return tl::unexpected<Error>(
            {ExitCode::host_lacks,
             fmt::format("the cache {} belongs to the user {}, not to you ({})", folder.string(), status.st_uid, user),
             "name a folder of your own with XDG_CACHE_HOME",
             {}});
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return tl::unexpected<Error>(
            {ExitCode::host_lacks,
             fmt::format("others can write to the cache {}, from which programs are executed", folder.string()),
             fmt::format("chmod go-w {}, or name another folder with XDG_CACHE_HOME; if you do not know who wrote "
                         "there, remove it",
                         shell_quoted(folder.string())),
             {}});
    return {};
}

std::filesystem::path home_in_list_of_users(const std::string &list, uid_t user)
{
    for (const auto &line : lines_of(list)) {
        const auto fields = split(line, ':'); // name:password:user:group:comment:home:shell
        if (fields.size() >= 6 && fields[2] == std::to_string(user))
            return fields[5];
    }
    return {};
}

Result<void> expect_cache_for_building()
{
    const auto path = cache_directory().string();
    const auto at = path.find_first_of(" \t\n\r\v\f:;#$%&*?!~,|<>()[]{}'\"`\\");
    if (at == std::string::npos)
        return {};
    const std::string what =
        path[at] == ' ' ? "a blank" : fmt::format("the character {}", shell_quoted({&path[at], 1}));
    return usage_error(
        fmt::format("nothing can be built in {}: its name has {} in it, which make and the kernel's build "
                    "cannot have",
                    shell_quoted(path), what),
        "name another folder with XDG_CACHE_HOME");
}

std::filesystem::path data_directory()
{
    if (const auto data = from_environment("KRUN_DATA"); !data.empty())
        return std::filesystem::absolute(data);
    if (const auto clone = clone_directory(); !clone.empty())
        return clone;
    return own_executable().parent_path().parent_path() / "share/krunctl";
}

std::filesystem::path clone_directory()
{
    std::error_code ignored;
    std::filesystem::path clone = KRUN_SOURCE_DIR;
    if (!clone.empty() && std::filesystem::is_directory(clone / "kernel/lines", ignored))
        return clone;
    return {};
}

std::filesystem::path own_executable()
{
    if (!acted_for().empty())
        return acted_for();
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

void act_for(std::filesystem::path krunctl) { acted_for() = std::move(krunctl); }

Result<std::filesystem::path> private_program(Filesystem &files, const std::string &name,
                                              const std::filesystem::path &beside)
{
    // In a build, each program is in the folder that corresponds to its sources.
    for (const char *folder : {"../testbed/guest", "../benchmarks", "../lib/krunctl"}) {
        const auto candidate = (beside / folder / name).lexically_normal();
        if (files.exists(candidate))
            return candidate;
    }
    return failure(fmt::format("{}, one of krunctl's own programs, is missing from its build or installation", name),
                   "build the whole project (cmake --build), or install the package krunctl again");
}

// The version of this tool; in its own file, so that a new version recompiles one.

std::vector<std::string> variables_for_builds()
{
    return {"PATH",         "HOME",      "USER",  "LOGNAME",  "SHELL",    "TERM",       "TERMINFO*",       "COLUMNS",
            "LINES",        "TMPDIR",    "XDG_*", "CCACHE_*", "DISTCC_*", "LD_PRELOAD", "LD_LIBRARY_PATH", "FAKE*",
            "MENUCONFIG_*", "NCURSES_*", "LC_*",  "LANG",     "KRUN_*"};
}

std::string tool_version() { return KRUN_VERSION; }

} // namespace krun
