// SPDX-License-Identifier: MIT
// The real file system; see filesystem.hpp.
#include "util/filesystem.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "util/system_error.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// A descriptor that is closed and a temporary file that is removed unless it was renamed into place.
class TemporaryFile
{
  public:
    explicit TemporaryFile(const fs::path &target)
        : name_((target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()),
          descriptor_(mkostemp(name_.data(), O_CLOEXEC))
    {
    }
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;
    ~TemporaryFile()
    {
        if (descriptor_ < 0)
            return;
        close(descriptor_);
        if (!renamed_)
            unlink(name_.c_str());
    }

    [[nodiscard]] int descriptor() const { return descriptor_; }
    bool rename_to(const fs::path &target)
    {
        renamed_ = ::rename(name_.c_str(), target.c_str()) == 0;
        return renamed_;
    }

  private:
    std::string name_;
    int descriptor_;
    bool renamed_ = false;
};

bool write_all(int descriptor, const char *data, std::size_t size)
{
    while (size > 0) {
        const auto written = ::write(descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

mode_t usual_mode()
{
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

class Descriptor
{
  public:
    explicit Descriptor(const fs::path &path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor()
    {
        if (descriptor_ >= 0)
            close(descriptor_);
    }
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

constexpr std::size_t chunk_size = 1 << 16;

} // namespace

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

Result<std::string> SystemFilesystem::read(const fs::path &path)
{
    const Descriptor file(path);
    if (file.get() < 0)
        return system_failure("read", path, errno);
    std::string text;
    std::array<char, chunk_size> chunk; // NOLINT: filled by read()
    for (;;) {
        const auto size = ::read(file.get(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return system_failure("read", path, errno);
        if (size == 0)
            return text;
        text.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

Result<void> SystemFilesystem::write(const fs::path &path, const std::string &text)
{
    TemporaryFile temporary(path);
    if (temporary.descriptor() < 0)
        return system_failure("write", path, errno);
    if (!write_all(temporary.descriptor(), text.data(), text.size()) ||
        fchmod(temporary.descriptor(), usual_mode()) != 0 || !temporary.rename_to(path))
        return system_failure("write", path, errno);
    return {};
}

Result<void> SystemFilesystem::write_durably(const fs::path &path, const std::string &text, unsigned mode)
{
    TemporaryFile temporary(path);
    if (temporary.descriptor() < 0)
        return system_failure("write", path, errno);
    if (!write_all(temporary.descriptor(), text.data(), text.size()) || fchmod(temporary.descriptor(), mode) != 0 ||
        fsync(temporary.descriptor()) != 0 || !temporary.rename_to(path))
        return system_failure("write", path, errno);
    // The new name is the folder's content.
    const Descriptor folder(path.parent_path());
    if (folder.get() < 0 || fsync(folder.get()) != 0)
        return system_failure("write", path, errno);
    return {};
}

Result<void> SystemFilesystem::make_directories(const fs::path &path)
{
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
        return system_failure("create", path, error.value());
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
    if (error)
        return system_failure("remove", path, error.value());
    return {};
}

Result<void> SystemFilesystem::copy_file(const fs::path &from, const fs::path &to)
{
    const Descriptor source(from);
    struct stat status = {};
    if (source.get() < 0 || fstat(source.get(), &status) != 0)
        return system_failure("read", from, errno);
    TemporaryFile temporary(to);
    if (temporary.descriptor() < 0)
        return system_failure("write", to, errno);
    std::array<char, chunk_size> chunk; // NOLINT: filled by read()
    for (;;) {
        const auto size = ::read(source.get(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return system_failure("read", from, errno);
        if (size == 0)
            break;
        if (!write_all(temporary.descriptor(), chunk.data(), static_cast<std::size_t>(size)))
            return system_failure("write", to, errno);
    }
    if (fchmod(temporary.descriptor(), status.st_mode & 07777) != 0 || !temporary.rename_to(to))
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
