// SPDX-License-Identifier: MIT
// The real file system; see filesystem.hpp.
#include "util/filesystem.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "util/descriptor.hpp"
#include "util/output_file.hpp"
#include "util/own_process.hpp"
#include "util/result.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

OwnedDescriptor open_to_read(const fs::path &path)
{
    OwnedDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    while (!file.is_open() && errno == EINTR && !interrupt_requested()) // a FIFO without a writer
        file = OwnedDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file;
}

constexpr std::size_t chunk_size = 1 << 16;

void make_folders_writable(const fs::path &path)
{
    std::error_code ignored;
    if (!fs::is_directory(fs::symlink_status(path, ignored)))
        return;
    fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, ignored);
    for (fs::directory_iterator at(path, ignored), end; at != end; at.increment(ignored)) {
        if (!at->is_symlink(ignored) && at->is_directory(ignored))
            make_folders_writable(at->path());
    }
}

bool is_in(const fs::path &path, const fs::path &folder)
{
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

PrivateFolder private_folder = nullptr;

} // namespace

bool keep_private(PrivateFolder which)
{
    private_folder = which;
    return true;
}

int make_folders(const fs::path &path)
{
    std::error_code error;
    const auto alone = private_folder != nullptr ? private_folder() : fs::path();
    if (!alone.empty() && is_in(path, alone)) {
        fs::create_directories(alone.parent_path(), error);
        if (!error && mkdir(alone.c_str(), S_IRWXU) != 0 && errno != EEXIST)
            return errno;
    }
    if (!error)
        fs::create_directories(path, error);
    return error.value();
}

Result<void> copy_data(const OwnedDescriptor &source, const fs::path &from, const OwnedDescriptor &target,
                       const fs::path &to)
{
    std::array<char, chunk_size> chunk; // NOLINT: filled by read()
    for (;;) {
        const auto size = ::read(source.get(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return system_failure("read", from, errno);
        if (size == 0)
            return {};
        if (!write_whole(target.get(), chunk.data(), static_cast<std::size_t>(size)))
            return system_failure("write", to, errno);
    }
}

Result<void> in_new_folder(Filesystem &files, const std::filesystem::path &folder,
                           const std::function<Result<void>()> &fill)
{
    TRY(files.remove_all(folder));
    TRY(files.make_directories(folder));
    auto filled = fill();
    if (!filled)
        static_cast<void>(files.remove_all(folder));
    return filled;
}

fs::path link_on_the_way(Filesystem &files, const fs::path &base, const fs::path &relative)
{
    auto path = base;
    for (const auto &part : relative) {
        path /= part;
        if (files.is_link(path))
            return path;
    }
    return {};
}

bool SystemFilesystem::exists(const fs::path &path)
{
    std::error_code ignored;
    return fs::exists(path, ignored);
}

bool SystemFilesystem::is_directory(const fs::path &path)
{
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

bool SystemFilesystem::is_link(const fs::path &path)
{
    std::error_code ignored;
    return fs::is_symlink(fs::symlink_status(path, ignored));
}

Result<std::string> SystemFilesystem::read(const fs::path &path)
{
    return read_at_most(path, std::numeric_limits<std::size_t>::max());
}

Result<std::optional<std::string>> SystemFilesystem::read_if_there(const fs::path &path)
{
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0 && errno == ENOENT && !is_link(path))
        return std::nullopt;
    auto text = TRY(read(path));
    return std::optional(std::move(text));
}

Result<std::string> SystemFilesystem::read_at_most(const fs::path &path, std::size_t limit)
{
    const auto file = open_to_read(path);
    if (!file.is_open())
        return system_failure("read", path, errno);
    std::string text;
    std::array<char, chunk_size> chunk; // NOLINT: filled by read()
    while (text.size() < limit) {
        const auto size = ::read(file.get(), chunk.data(), std::min(chunk.size(), limit - text.size()));
        // A signal that asks us to stop must end the wait for a pipe that nobody writes to.
        if (size < 0 && errno == EINTR && !interrupt_requested())
            continue;
        if (size < 0)
            return system_failure("read", path, errno);
        if (size == 0)
            return text;
        text.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return text;
}

Result<void> SystemFilesystem::write(const fs::path &path, const std::string &text)
{
    constexpr mode_t usual_mode = 0666; // less the umask
    OutputFile file(path, usual_mode);
    if (!file.descriptor().is_open() || !write_whole(file.descriptor().get(), text.data(), text.size()) ||
        !file.finish())
        return system_failure("write", path, errno);
    return {};
}

Result<void> SystemFilesystem::check_writable(const fs::path &path)
{
    const auto place = place_for(path);
    std::error_code ignored;
    if (fs::is_directory(place.path, ignored) || !place.path.has_filename())
        return system_failure("write", path, EISDIR);
    if (place.in_place) { // a FIFO's would wait for a reader
        if (access(place.path.c_str(), W_OK) != 0)
            return system_failure("write", path, errno);
        return {};
    }
    if (!OutputFile(path, S_IRUSR | S_IWUSR).descriptor().is_open())
        return system_failure("write", path, errno);
    return {};
}

Result<void> SystemFilesystem::write_durably(const fs::path &path, const std::string &text, unsigned mode)
{
    OutputFile file(path, mode);
    if (!file.descriptor().is_open() || !write_whole(file.descriptor().get(), text.data(), text.size()) ||
        !file.set_mode(mode) || !file.sync() || !file.finish())
        return system_failure("write", path, errno);
    if (file.in_place())
        return {};
    // The new name is the folder's content.
    const auto folder = open_to_read(file.folder());
    if (!folder.is_open() || fsync(folder.get()) != 0)
        return system_failure("write", path, errno);
    return {};
}

Result<void> SystemFilesystem::make_directories(const fs::path &path)
{
    if (const int error = make_folders(path); error != 0)
        return system_failure("create", path, error);
    return {};
}

Result<void> SystemFilesystem::make_private_folder(const fs::path &path)
{
    TRY(make_directories(path.parent_path()));
    if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return system_failure("create", path, errno);
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0)
        return system_failure("look at", path, errno);
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure(fmt::format("{} is not a folder that you alone can enter", path.string()),
                       "find out who made it, and remove it");
    return {};
}

Result<void> SystemFilesystem::rename(const fs::path &from, const fs::path &to)
{
    if (::rename(from.c_str(), to.c_str()) != 0)
        return system_failure("rename to", to, errno);
    return {};
}

Result<void> SystemFilesystem::remove_all(const fs::path &path)
{
    std::error_code error;
    fs::remove_all(path, error);
    if (error == std::errc::permission_denied) {
        // What is in a folder can be removed by whoever may write to the folder, and its owner may say so.
        make_folders_writable(path);
        fs::remove_all(path, error);
    }
    if (error)
        return system_failure("remove", path, error.value());
    return {};
}

Result<void> SystemFilesystem::remove_file(const fs::path &path)
{
    if (unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
        return system_failure("remove", path, errno);
    return {};
}

Result<void> SystemFilesystem::copy_file(const fs::path &from, const fs::path &to)
{
    const auto source = open_to_read(from);
    struct stat status = {};
    if (!source.is_open() || fstat(source.get(), &status) != 0)
        return system_failure("read", from, errno);
    constexpr mode_t nobody_else = 0600; // until it is whole
    OutputFile file(to, nobody_else);
    if (!file.descriptor().is_open())
        return system_failure("write", to, errno);
    TRY(copy_data(source, from, file.descriptor(), to));
    if (!file.set_mode(status.st_mode & 07777) || !file.finish())
        return system_failure("write", to, errno);
    return {};
}

Result<std::vector<std::string>> SystemFilesystem::list(const fs::path &directory)
{
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
        names.push_back(at->path().filename().string());
    if (error)
        return system_failure("list", directory, error.value());
    std::sort(names.begin(), names.end());
    return names;
}

std::uintmax_t SystemFilesystem::size_of(const fs::path &path)
{
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return error ? 0 : size;
}

std::uintmax_t SystemFilesystem::free_space(const fs::path &path)
{
    for (auto at = path; !at.empty(); at = at.parent_path()) {
        std::error_code error;
        const auto space = fs::space(at, error);
        if (!error)
            return space.available;
        if (at == at.root_path())
            break;
    }
    return Filesystem::free_space(path);
}

} // namespace krun
