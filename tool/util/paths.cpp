// SPDX-License-Identifier: MIT
// Where krunctl finds its own data and keeps its cache; see paths.hpp.
#include "util/paths.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <system_error>

// A packaged krunctl knows of no clone: where it was built is nobody's business, and would differ with each build.
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
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

Result<std::filesystem::path> private_program(Filesystem &files, const std::string &name,
                                              const std::filesystem::path &beside)
{
    // Of a build, each program lies in the folder of its own sources.
    for (const char *folder : {"../testbed/guest", "../benchmarks", "../lib/krunctl"}) {
        const auto candidate = (beside / folder / name).lexically_normal();
        if (files.exists(candidate))
            return candidate;
    }
    return failure(fmt::format("{}, a program of krunctl's own, is not where its build or installation puts it", name),
                   "build the whole project (cmake --build), or install the package krunctl again");
}

} // namespace krun
