// SPDX-License-Identifier: MIT
// Our own folders inside a kernel tree; see overlay.hpp.
#include "source/overlay.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace krun
{
namespace
{

Result<std::size_t> mirror_file(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    const auto wanted = files.read(from);
    if (!wanted)
        return tl::unexpected(wanted.error());
    if (files.exists(to) && files.read(to).value_or(std::string()) == *wanted)
        return 0;
    if (auto copied = files.copy_file(from, to); !copied)
        return tl::unexpected(copied.error());
    return 1;
}

Result<std::size_t> remove_extra(Filesystem &files, const std::vector<std::string> &wanted,
                                 const std::filesystem::path &folder)
{
    const auto present = files.list(folder);
    if (!present)
        return tl::unexpected(present.error());
    std::size_t removed = 0;
    for (const auto &name : *present) {
        if (std::binary_search(wanted.begin(), wanted.end(), name))
            continue;
        if (auto gone = files.remove_all(folder / name); !gone)
            return tl::unexpected(gone.error());
        ++removed;
    }
    return removed;
}

} // namespace

Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    const auto names = files.list(from);
    if (!names)
        return tl::unexpected(names.error());
    if (files.exists(to) && !files.is_directory(to)) {
        if (auto removed = files.remove_all(to); !removed)
            return tl::unexpected(removed.error());
    }
    if (auto made = files.make_directories(to); !made)
        return tl::unexpected(made.error());
    auto changed = remove_extra(files, *names, to);
    if (!changed)
        return changed;
    for (const auto &name : *names) {
        auto more = files.is_directory(from / name) ? mirror_folder(files, from / name, to / name)
                                                    : mirror_file(files, from / name, to / name);
        if (!more)
            return more;
        *changed += *more;
    }
    return changed;
}

} // namespace krun
