// SPDX-License-Identifier: MIT
// See rooted_disk.hpp.
#include "simulation/rooted_disk.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include "fakes/temporary_folder.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/text.hpp"

namespace krun::simulation
{
namespace
{

namespace fs = std::filesystem;

std::string variable(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::optional<std::string> output_of_dpkg_deb(const std::vector<std::string> &arguments)
{
    Command command;
    command.argv = {"dpkg-deb"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    const auto result = unwrap(SystemProcessRunner().run(command));
    return result.ok() ? std::optional(result.output) : std::nullopt;
}

} // namespace

void RootedDisk::effect(const std::string &what)
{
    if (what.starts_with("purge ") && fs::exists(at("/broken-purge")))
        throw BrokenOff{"error: frontend lock was locked by another process"};
    if (!what.starts_with("unpacked "))
        return;
    if (fs::exists(at("/full-disk")))
        throw BrokenOff{};
    if (const auto marker = variable("KRUN_TEST_MARKER"); !marker.empty()) {
        unwrap(SystemFilesystem().write(marker, fmt::format("{}\n", getpid())));
        std::this_thread::sleep_for(std::chrono::seconds(std::stoi(variable("KRUN_TEST_SLEEP"))));
    }
}

// A disk that does not work ends the program, not the simulated one.
std::optional<std::string> RootedDisk::read(const fs::path &path)
{
    return unwrap(SystemFilesystem().read_if_there(at(path)));
}

void RootedDisk::write(const fs::path &path, const std::string &text)
{
    SystemFilesystem files;
    unwrap(files.make_directories(at(path).parent_path()));
    unwrap(files.write(at(path), text));
}

void RootedDisk::erase(const fs::path &path) { unwrap(SystemFilesystem().remove_all(at(path))); }

std::vector<std::string> RootedDisk::list(const fs::path &folder)
{
    return fs::is_directory(at(folder)) ? unwrap(SystemFilesystem().list(at(folder))) : std::vector<std::string>();
}

bool RootedDisk::is_executable(const fs::path &path) { return access(at(path).c_str(), X_OK) == 0; }

std::optional<Archive> RootedDisk::open_deb(const fs::path &path)
{
    const TemporaryFolder unpacked;
    const auto control = output_of_dpkg_deb({"-f", at(path).string()});
    if (!control || !output_of_dpkg_deb({"-x", at(path).string(), unpacked.path().string()}))
        return std::nullopt;
    Archive archive{*control, {}};
    for (const auto &entry : fs::recursive_directory_iterator(unpacked.path())) {
        if (entry.is_regular_file())
            archive.files.emplace_back("/" / entry.path().lexically_relative(unpacked.path()),
                                       unwrap(SystemFilesystem().read(entry.path())));
    }
    std::sort(archive.files.begin(), archive.files.end());
    return archive;
}

std::string RootedDisk::abstraction() { return trim(read("/abstraction").value_or("")); }

} // namespace krun::simulation
