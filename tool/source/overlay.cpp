// SPDX-License-Identifier: MIT
// Our own folders inside a kernel tree; see overlay.hpp.
#include "source/overlay.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "util/text.hpp"

namespace krun
{
namespace
{

tl::unexpected<Error> is_a_link(const std::filesystem::path &path)
{
    return usage_error(fmt::format("{} is a link, and leads who knows where: nothing is written behind it",
                                   shell_quoted(path.string())),
                       "in a kernel tree there is none in this place: replace it by what it leads to");
}

Result<std::size_t> mirror_file(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (files.is_link(to))
        return is_a_link(to);
    const auto wanted = TRY(files.read(from));
    if (files.exists(to) && files.read(to).value_or(std::string()) == wanted)
        return 0;
    TRY(files.copy_file(from, to));
    return 1;
}

Result<std::size_t> remove_extra(Filesystem &files, const std::vector<std::string> &wanted,
                                 const std::filesystem::path &folder)
{
    const auto present = TRY(files.list(folder));
    std::size_t removed = 0;
    for (const auto &name : present) {
        if (std::binary_search(wanted.begin(), wanted.end(), name))
            continue;
        TRY(files.remove_all(folder / name));
        ++removed;
    }
    return removed;
}

} // namespace

Result<void> expect_no_link(Filesystem &files, const std::filesystem::path &tree, const std::filesystem::path &place)
{
    if (const auto link = link_on_the_way(files, tree, place); !link.empty())
        return is_a_link(link);
    return {};
}

Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (files.is_link(to))
        return is_a_link(to);
    const auto names = TRY(files.list(from));
    if (files.exists(to) && !files.is_directory(to))
        TRY(files.remove_all(to));
    TRY(files.make_directories(to));
    auto changed = remove_extra(files, names, to);
    if (!changed)
        return changed;
    for (const auto &name : names) {
        auto more = files.is_directory(from / name) ? mirror_folder(files, from / name, to / name)
                                                    : mirror_file(files, from / name, to / name);
        if (!more)
            return more;
        *changed += *more;
    }
    return changed;
}

} // namespace krun
