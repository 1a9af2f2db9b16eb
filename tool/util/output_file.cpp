// SPDX-License-Identifier: MIT
#include "util/output_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/magic.h>
#include <random>
#include <string>
#include <string_view>
#include <sys/vfs.h>
#include <system_error>

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// 62^6 names; who else wants one at this moment is told apart by O_EXCL, in whatever container it runs.
std::string random_letters()
{
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    thread_local std::mt19937 generator{std::random_device()()};
    std::uniform_int_distribution<std::size_t> any(0, letters.size() - 1);
    std::string text(6, ' ');
    for (char &letter : text)
        letter = letters[any(generator)];
    return text;
}

bool is_on_procfs(const fs::path &folder)
{
    struct statfs system = {};
    return statfs(folder.empty() ? "." : folder.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

} // namespace

WritePlace place_for(fs::path path)
{
    constexpr int most_links = 40; // as many as the kernel follows
    for (int links = 0; links < most_links; ++links) {
        struct stat status = {};
        if (lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
            return {path, false};
        if (!S_ISLNK(status.st_mode) || is_on_procfs(path.parent_path()))
            return {path, true};
        std::error_code error;
        const auto target = fs::read_symlink(path, error);
        if (error)
            break;
        path = path.parent_path() / target; // which is `target` alone when that is absolute
    }
    return {path, false};
}

OutputFile::OutputFile(const fs::path &target, mode_t mode) : place_(place_for(target))
{
    if (place_.in_place) {
        descriptor_ = OwnedDescriptor(open(place_.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        return;
    }
    constexpr int most_attempts = 100;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        temporary_ = place_.path.parent_path() / ("." + place_.path.filename().string() + "." + random_letters());
        descriptor_ = OwnedDescriptor(open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
        if (descriptor_.is_open() || errno != EEXIST)
            return;
    }
}

OutputFile::~OutputFile()
{
    if (descriptor_.is_open() && !place_.in_place && !finished_)
        unlink(temporary_.c_str());
}

bool OutputFile::finish()
{
    finished_ = place_.in_place || rename(temporary_.c_str(), place_.path.c_str()) == 0;
    return finished_;
}

} // namespace krun
