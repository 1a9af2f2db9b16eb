// SPDX-License-Identifier: MIT
// Parts of the guest's file tree; see guest_staging.hpp.
#include "machine/guest_staging.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <system_error>

#include "machine/elf_dependencies.hpp"
#include "util/own_process.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char *, const char *>, 5> one_name_for_each{{
    {"usr/sbin", "usr/bin"},
    {"bin", "usr/bin"},
    {"sbin", "usr/bin"},
    {"lib", "usr/lib"},
    {"lib64", "usr/lib64"},
}};

constexpr std::array<const char *, 5> not_for_files{"proc", "sys", "dev", "krun", "init"};

// The guest has its own of these: a link there means the guest's.
constexpr std::array<const char *, 4> everybodys_own{"/proc", "/sys", "/dev", "/run"};

constexpr std::uintmax_t page = 4096;

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
    for (const auto &[other, name] : one_name_for_each) {
        if (lies_below(path, other))
            return (fs::path(name) / path.lexically_relative(other)).lexically_normal();
    }
    return path;
}

GuestStaging::GuestStaging(const Env &env, fs::path folder) : env_(env), folder_(std::move(folder))
{
    std::error_code error;
    real_ = fs::weakly_canonical(folder_, error);
}

// A link that was copied in leads somewhere on this machine too, and nothing may be written there.
Result<void> GuestStaging::make_way(const fs::path &relative)
{
    std::error_code ignored;
    fs::path at = folder_;
    for (const auto &part : relative.parent_path()) {
        at /= part;
        if (fs::is_symlink(fs::symlink_status(at, ignored)) && !lies_below(fs::weakly_canonical(at, ignored), real_))
            return usage_error(fmt::format("cannot copy to /{} in the guest: {} is a link that is copied in too",
                                           relative.string(), part.string()));
    }
    if (fs::is_symlink(fs::symlink_status(folder_ / relative, ignored)))
        fs::remove(folder_ / relative, ignored);
    return {};
}

Result<void> GuestStaging::write(const fs::path &relative, const std::string &text)
{
    TRY(make_way(relative));
    TRY(env_.files.make_directories(folder_ / relative.parent_path()));
    return env_.files.write(folder_ / relative, text);
}

Result<void> GuestStaging::link(const fs::path &relative, const std::string &to)
{
    TRY(make_way(relative));
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
    TRY(make_way(relative / "."));
    std::error_code error;
    fs::create_directories(folder_ / relative, error);
    if (!error)
        fs::permissions(folder_ / relative, static_cast<fs::perms>(mode), error);
    if (error)
        return system_failure("create", folder_ / relative, error.value());
    return {};
}

Result<void> GuestStaging::link_other_names()
{
    for (const auto &[other, name] : one_name_for_each)
        TRY(link(other, fs::path(name).lexically_relative(fs::path(other).parent_path()).string()));
    return {};
}

Result<void> GuestStaging::copy_in(const GuestFile &what)
{
    const auto source = what.source.lexically_normal();
    std::error_code ignored;
    const auto status = fs::status(source, ignored);
    if (!fs::exists(status)) {
        if (fs::is_symlink(fs::symlink_status(source, ignored)))
            return usage_error(fmt::format("cannot copy {} into the guest: it is a link to {}, which does not exist",
                                           source.string(), fs::read_symlink(source, ignored).string()));
        return usage_error(fmt::format("cannot copy {} into the guest: there is no such file", source.string()));
    }
    std::string target = what.target;
    if (target.ends_with('/'))
        target += (source.has_filename() ? source : source.parent_path()).filename().string();
    const auto relative = TRY(guest_path(target));
    if (fs::is_directory(status))
        return copy_folder(source, relative, {fs::canonical(source, ignored), {}});
    if (fs::is_fifo(status) || fs::is_character_file(status))
        return copy_pipe(source, relative);
    return copy_file(source, relative);
}

bool GuestStaging::fits(std::uintmax_t size)
{
    bytes_ += (size + page - 1) / page * page;
    return bytes_ <= limit_;
}

Result<void> GuestStaging::copy_file(const fs::path &from, const fs::path &relative)
{
    if (!fs::is_regular_file(from))
        return usage_error(
            fmt::format("cannot copy {} into the guest: it is neither a file nor a folder", from.string()));
    if (!fits(env_.files.size_of(from)))
        return {};
    TRY(make_way(relative));
    TRY(env_.files.make_directories((folder_ / relative).parent_path()));
    TRY(env_.files.copy_file(from, folder_ / relative));
    if (read_elf(from))
        programs_[relative] = from;
    return {};
}

Result<void> GuestStaging::copy_pipe(const fs::path &from, const fs::path &relative)
{
    const auto room = limit_ > bytes_ ? limit_ - bytes_ : 0;
    const auto data =
        env_.files.read_at_most(from, room == std::numeric_limits<std::uintmax_t>::max() ? room : room + 1);
    if (!data && interrupt_requested())
        return interrupted();
    if (!data)
        return usage_error(fmt::format("cannot copy {} into the guest: {}", from.string(), data.error().message));
    if (!fits(data->size()))
        return {};
    return write(relative, *data);
}

Result<void> GuestStaging::copy_folder(const fs::path &from, const fs::path &relative, const Way &way)
{
    std::error_code error;
    const auto mode = static_cast<unsigned>(fs::status(from, error).permissions());
    TRY(make_folder(relative, mode | 0700U));
    const auto names = TRY(env_.files.list(from));
    auto inside = way;
    inside.open.push_back(fs::canonical(from, error));
    for (const std::string &name : names) {
        const auto entry = from / name;
        const auto status = fs::status(entry, error);
        if (fs::is_regular_file(status)) // a link to a file becomes that file
            TRY(copy_file(entry, relative / name));
        else if (fs::is_symlink(fs::symlink_status(entry, error)))
            TRY(copy_link(entry, relative / name, inside));
        else if (fs::is_directory(status))
            TRY(copy_folder(entry, relative / name, inside));
        else
            say(fmt::format("note: {} is neither a file nor a folder, and is not copied into the guest",
                            entry.string()));
    }
    return {};
}

// To a folder, or to nothing that is a file.
Result<void> GuestStaging::copy_link(const fs::path &from, const fs::path &relative, const Way &way)
{
    std::error_code error;
    const auto text = fs::read_symlink(from, error);
    if (!fs::is_directory(from, error)) // a device, or nothing here: the guest may have it
        return link(relative, text.string());
    const auto real = fs::canonical(from, error);
    if (lies_below(real, way.root)) // under another name in the guest, perhaps
        return link(relative, real.lexically_relative(way.open.back()).string());
    for (const char *folder : everybodys_own) {
        if (lies_below(real, folder))
            return link(relative, real.string());
    }
    for (const auto &open : way.open) {
        if (lies_below(open, real))
            return usage_error(fmt::format("cannot copy {} into the guest: it is a link to {}, which it lies in",
                                           from.string(), real.string()),
                               "copy what is in that folder, one by one, or without this link");
    }
    auto beyond = way;
    beyond.root = real;
    return copy_folder(from, relative, beyond);
}

Result<void> GuestStaging::add_libraries(const std::vector<std::string> &library_path)
{
    if (bytes_ > limit_)
        return {};
    const auto in_guest = [this](const fs::path &guest) -> std::optional<fs::path> {
        const auto relative = guest_path(guest.string());
        std::error_code ignored;
        if (!relative || !fs::is_regular_file(folder_ / *relative, ignored))
            return std::nullopt;
        const auto source = programs_.find(*relative);
        return source == programs_.end() ? folder_ / *relative : source->second;
    };
    LibrarySearch search(env_.runner, in_guest, library_path);
    for (const auto &[relative, source] : std::map(programs_)) {
        const auto needed = TRY(search.needed_by({source, "/" / relative}));
        for (const auto &library : needed) {
            const auto place = TRY(guest_path(library.guest.string()));
            TRY(copy_file(library.host, place));
        }
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
    TRY(env_.runner.run_ok(pack));
    Command compress;
    compress.argv = {"gzip", "-1", "--no-name", "--force", plain.string()};
    TRY(env_.runner.run_ok(compress));
    return {};
}

} // namespace krun
