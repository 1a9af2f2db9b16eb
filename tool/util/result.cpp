// SPDX-License-Identifier: MIT

#include "util/result.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace krun
{

tl::unexpected<Error> full_disk(const std::string &where, const std::string &log)
{
    return no_space(fmt::format("no space left on {}", where),
                    "free some space there, or name a folder on another disk with XDG_CACHE_HOME", log);
}

tl::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path &path, int error_number)
{
    if (error_number == ENOSPC || error_number == EDQUOT)
        return full_disk("the file system of " + path.string());
    return failure(fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error_number)));
}

bool tells_of_full_disk(std::string_view output)
{
    return output.find("No space left on device") != std::string_view::npos ||
           output.find("Disk quota exceeded") != std::string_view::npos;
}

} // namespace krun
