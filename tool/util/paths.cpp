// SPDX-License-Identifier: MIT
// Where krunctl finds its own data and keeps its cache; see paths.hpp.
#include "util/paths.hpp"

#include <cstdlib>
#include <string_view>
#include <system_error>

namespace krun
{
namespace
{

std::filesystem::path from_environment(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

} // namespace

std::filesystem::path cache_directory()
{
    // The XDG specification says that a relative path in the variable is to be ignored.
    if (const auto cache = from_environment("XDG_CACHE_HOME"); cache.is_absolute())
        return cache / "krun";
    if (const auto home = from_environment("HOME"); home.is_absolute())
        return home / ".cache/krun";
    return std::filesystem::temp_directory_path() / "krun-cache";
}

std::filesystem::path data_directory()
{
    if (const auto data = from_environment("KRUN_DATA"); !data.empty())
        return std::filesystem::absolute(data);
    std::error_code ignored;
    std::filesystem::path clone = KRUN_SOURCE_DIR;
    if (std::filesystem::is_directory(clone / "kernel/lines", ignored))
        return clone;
    return own_executable().parent_path().parent_path() / "share/krunctl";
}

std::filesystem::path own_executable()
{
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

} // namespace krun
