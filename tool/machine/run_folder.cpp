// SPDX-License-Identifier: MIT
// Folders and logs of single runs; see run_folder.hpp.
#include "machine/run_folder.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "util/child_process.hpp"
#include "util/paths.hpp"
#include "util/system_error.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t logs_kept = 50;
constexpr std::string_view log_prefix = "console-";
constexpr std::string_view log_suffix = ".log";
constexpr const char *run_name = "machine";

fs::path all_runs() { return cache_directory() / "run"; }
fs::path all_logs() { return cache_directory() / "logs"; }

} // namespace

Result<ScratchFolder> make_run_folder(Filesystem &files) { return ScratchFolder::make(files, all_runs(), run_name); }

fs::path example_of_run_folder() { return all_runs() / fmt::format("{}-XXXXXX", run_name); }

Result<fs::path> new_console_log(Filesystem &files)
{
    const fs::path folder = all_logs();
    if (auto made = files.make_directories(folder); !made)
        return tl::unexpected<Error>(made.error());
    std::vector<std::string> older;
    if (const auto names = files.list(folder)) {
        for (const std::string &name : *names) {
            if (name.starts_with(log_prefix))
                older.push_back(name); // sorted by name, and so by time
        }
    }
    for (std::size_t at = 0; at + logs_kept <= older.size(); ++at)
        std::ignore = files.remove_all(folder / older[at]);
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    auto path = (folder / fmt::format("{}{:%Y%m%d-%H%M%S}-XXXXXX{}", log_prefix, now, log_suffix)).string();
    const OwnedDescriptor file(mkostemps(path.data(), static_cast<int>(log_suffix.size()), O_CLOEXEC));
    if (!file.is_open())
        return system_failure("write", path, errno);
    return path;
}

} // namespace krun
