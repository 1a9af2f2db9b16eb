// SPDX-License-Identifier: MIT
// Parts of the guest's file tree; see guest_staging.hpp.
#include "machine/guest_staging.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <system_error>

#include "machine/elf_dependencies.hpp"
#include "util/system_error.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

struct Renaming {
    const char *from;
    const char *to;
};

constexpr std::array<Renaming, 5> one_name_for_each{{
    {"usr/sbin", "usr/bin"},
    {"bin", "usr/bin"},
    {"sbin", "usr/bin"},
    {"lib", "usr/lib"},
    {"lib64", "usr/lib64"},
}};

constexpr std::array<const char *, 5> not_for_files{"proc", "sys", "dev", "krun", "init"};

bool lies_below(const fs::path &path, const fs::path &folder)
{
    return std::mismatch(path.begin(), path.end(), folder.begin(), folder.end()).second == folder.end();
}

} // namespace

Result<fs::path> guest_path(const std::string &target)
{
    if (target.empty() || target.front() != '/')
        return usage_error(fmt::format("the place in the guest must be an absolute path, not `{}`", target),
                           "write --copy-in SRC:/path/in/the/guest");
    const fs::path path = fs::path(target).lexically_normal().relative_path();
    if (path.empty())
        return usage_error(fmt::format("the place in the guest must have a name, `{}` has none", target));
    for (const char *reserved : not_for_files) {
        if (lies_below(path, reserved))
            return usage_error(fmt::format("/{} is not a place for files in the guest: {}", reserved, target));
    }
    for (const Renaming &name : one_name_for_each) {
        if (lies_below(path, name.from))
            return (fs::path(name.to) / path.lexically_relative(name.from)).lexically_normal();
    }
    return path;
}

GuestStaging::GuestStaging(ProcessRunner &runner, Filesystem &files, fs::path folder)
    : runner_(runner), files_(files), folder_(std::move(folder))
{
}

Result<void> GuestStaging::write(const fs::path &relative, const std::string &text)
{
    return files_.make_directories(folder_ / relative.parent_path()).and_then([&] {
        return files_.write(folder_ / relative, text);
    });
}

Result<void> GuestStaging::link(const fs::path &relative, const std::string &to)
{
    std::error_code error;
    fs::create_directories(folder_ / relative.parent_path(), error);
    fs::remove(folder_ / relative, error);
    fs::create_symlink(to, folder_ / relative, error);
    if (error)
        return system_failure("link", folder_ / relative, error.value());
    return {};
}

Result<void> GuestStaging::make_folder(const fs::path &relative, unsigned mode)
{
    std::error_code error;
    fs::create_directories(folder_ / relative, error);
    if (!error)
        fs::permissions(folder_ / relative, static_cast<fs::perms>(mode), error);
    if (error)
        return system_failure("create", folder_ / relative, error.value());
    return {};
}

Result<void> GuestStaging::copy_in(const GuestFile &what)
{
    const auto source = what.source.lexically_normal();
    std::error_code ignored;
    if (!fs::exists(source, ignored))
        return usage_error(fmt::format("cannot copy {} into the guest: there is no such file", source.string()));
    std::string target = what.target;
    if (target.ends_with('/'))
        target += (source.has_filename() ? source : source.parent_path()).filename().string();
    const auto relative = guest_path(target);
    if (!relative)
        return tl::unexpected<Error>(relative.error());
    if (fs::is_directory(source, ignored))
        return copy_folder(source, *relative);
    return copy_file(source, *relative);
}

Result<void> GuestStaging::copy_file(const fs::path &from, const fs::path &relative)
{
    if (!fs::is_regular_file(from))
        return usage_error(
            fmt::format("cannot copy {} into the guest: it is neither a file nor a folder", from.string()));
    if (auto made = files_.make_directories((folder_ / relative).parent_path()); !made)
        return made;
    if (auto copied = files_.copy_file(from, folder_ / relative); !copied)
        return copied;
    if (needs_dynamic_loader(from))
        return copy_libraries(from);
    return {};
}

Result<void> GuestStaging::copy_folder(const fs::path &from, const fs::path &relative)
{
    std::error_code error;
    const auto mode = static_cast<unsigned>(fs::status(from, error).permissions());
    if (auto made = make_folder(relative, mode | 0700U); !made)
        return made;
    const auto names = files_.list(from);
    if (!names)
        return tl::unexpected<Error>(names.error());
    for (const std::string &name : *names) {
        const auto entry = from / name;
        Result<void> done;
        // A link to a file becomes that file; one to a folder (perhaps its own) or to nothing stays a link.
        if (fs::is_symlink(entry, error) && !fs::is_regular_file(entry, error))
            done = link(relative / name, fs::read_symlink(entry, error).string());
        else if (fs::is_directory(entry, error))
            done = copy_folder(entry, relative / name);
        else if (fs::is_regular_file(entry, error))
            done = copy_file(entry, relative / name);
        if (!done)
            return done;
    }
    return {};
}

Result<void> GuestStaging::copy_libraries(const fs::path &program)
{
    const auto needed = dynamic_dependencies(runner_, program);
    if (!needed)
        return tl::unexpected<Error>(needed.error());
    for (const fs::path &library : *needed) {
        if (!libraries_.insert(library.string()).second)
            continue;
        const auto relative = guest_path(library.string());
        if (!relative)
            return tl::unexpected<Error>(relative.error());
        if (auto copied = copy_file(library, *relative); !copied)
            return copied;
    }
    return {};
}

Result<void> GuestStaging::pack(const fs::path &archive)
{
    std::set<std::string> names; // sorted, and so parents come before what is in them
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end; at.increment(error))
        names.insert(at->path().lexically_relative(folder_).string());
    if (error)
        return system_failure("list", folder_, error.value());

    fs::path plain = archive;
    plain.replace_extension();
    Command pack;
    pack.argv = {"cpio",    "--create",      "--format=newc",  "--null",
                 "--quiet", "--owner=+0:+0", "--reproducible", "--file=" + plain.string()};
    pack.directory = folder_;
    for (const std::string &name : names)
        pack.input.append(name).push_back('\0');
    if (auto packed = runner_.run_ok(pack); !packed)
        return tl::unexpected<Error>(packed.error());
    Command compress;
    compress.argv = {"gzip", "-1", "--no-name", "--force", plain.string()};
    if (auto compressed = runner_.run_ok(compress); !compressed)
        return tl::unexpected<Error>(compressed.error());
    return {};
}

} // namespace krun
