// SPDX-License-Identifier: MIT
// How much the hooks change; see hook_size.hpp.
//
// Theory: a hunk's head says how many lines of the old and the new file follow. Only those are looked at: a removed
// line that begins with "--" would look like a header otherwise, and a list in the message like a change.
#include "source/hook_size.hpp"

#include <charconv>
#include <string>

#include "source/hooks.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// "-96,4" or "+96,5" as 4 or 5; diff leaves a count of one out.
unsigned count_of_range(std::string_view range)
{
    const auto comma = range.find(',');
    if (comma == std::string_view::npos)
        return 1;
    unsigned count = 0;
    std::from_chars(range.data() + comma + 1, range.data() + range.size(), count);
    return count;
}

} // namespace

unsigned changed_lines(std::string_view diff)
{
    unsigned changed = 0;
    unsigned old_left = 0; // lines of the hunk that are still to come
    unsigned new_left = 0;
    for (const auto &line : lines_of(diff)) {
        if (old_left == 0 && new_left == 0) {
            const auto words = words_of(line);
            if (words.size() >= 4 && words[0] == "@@" && words[3] == "@@") {
                old_left = count_of_range(words[1]);
                new_left = count_of_range(words[2]);
            }
            continue;
        }
        const char kind = line.empty() ? ' ' : line.front(); // some mailers cut the blank of an empty line
        if (kind == '\\')                                    // "\ No newline at end of file"
            continue;
        if (kind != '+' && old_left > 0)
            --old_left;
        if (kind != '-' && new_left > 0)
            --new_left;
        if (kind == '+' || kind == '-')
            ++changed;
    }
    return changed;
}

Result<unsigned> hook_size(Filesystem &files, const std::filesystem::path &hooks)
{
    const auto patches = read_series(files, hooks);
    if (!patches)
        return tl::unexpected(patches.error());
    unsigned size = 0;
    for (const auto &patch : *patches) {
        const auto diff = files.read(patch);
        if (!diff)
            return tl::unexpected(diff.error());
        size += changed_lines(*diff);
    }
    return size;
}

} // namespace krun
