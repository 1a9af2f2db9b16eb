// SPDX-License-Identifier: MIT
// Folders and logs of single runs; see run_folder.hpp.
#include "machine/run_folder.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

#include "util/paths.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t logs_kept = 50;
constexpr const char *log_prefix = "console-";

fs::path all_runs() { return cache_directory() / "run"; }

int runs_so_far = 0; // a process may run several machines, one after the other

bool owner_is_alive(const std::string &name)
{
    const long pid = std::strtol(name.c_str(), nullptr, 10);
    return pid > 0 && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

void remove_abandoned(Filesystem &files)
{
    const auto names = files.list(all_runs());
    if (!names)
        return;
    for (const std::string &name : *names) {
        if (!owner_is_alive(name))
            std::ignore = files.remove_all(all_runs() / name);
    }
}

} // namespace

fs::path RunFolder::next_path() { return all_runs() / fmt::format("{}-{}", getpid(), runs_so_far); }

Result<RunFolder> RunFolder::make(Filesystem &files)
{
    remove_abandoned(files);
    const fs::path path = next_path();
    ++runs_so_far;
    // The number of a krunctl that was killed may be ours now.
    if (auto made = files.remove_all(path).and_then([&] { return files.make_directories(path); }); !made)
        return tl::unexpected<Error>(made.error());
    return RunFolder(files, path);
}

RunFolder::RunFolder(RunFolder &&other) noexcept : files_(other.files_), path_(std::move(other.path_))
{
    other.path_.clear();
}

RunFolder::~RunFolder()
{
    if (!path_.empty())
        std::ignore = files_.remove_all(path_);
}

Result<fs::path> new_console_log(Filesystem &files)
{
    const fs::path folder = cache_directory() / "logs";
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
    return folder / fmt::format("{}{:%Y%m%d-%H%M%S}-{}-{}.log", log_prefix, now, getpid(), runs_so_far);
}

} // namespace krun
