// SPDX-License-Identifier: MIT
// Theory: everything is done in a mount namespace of its own, so that what is mounted goes with the command; and
// without root in a user namespace too, where the caller is root and has a range of users to give files to.
#include "chroot.hpp"

#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <stdexcept>
#include <unistd.h>

#include "self/krunctl.hpp"
#include "source/apt_settings.hpp"
#include "util/filesystem.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

const std::vector<std::string> suites = {"bookworm", "bookworm-updates", "bookworm-security"};

std::vector<std::string> as_root(const std::vector<std::string> &argv)
{
    std::vector<std::string> all = {"unshare", "--mount"};
    if (geteuid() != 0)
        all.insert(all.end(), {"--map-auto", "--map-root-user"});
    all.insert(all.end(), argv.begin(), argv.end());
    return all;
}

std::string run_or_throw(const std::vector<std::string> &argv)
{
    const auto result = run_program(argv);
    if (!result.ok())
        throw std::runtime_error(
            fmt::format("{} failed ({}):\n{}{}", fmt::join(argv, " "), result.status, result.output, result.errors));
    return result.output;
}

// How this machine reaches its mirrors, which the mirrors' addresses do not say.
std::vector<std::string> apt_options()
{
    std::vector<std::string> options;
    for (const auto &line : lines_of(run_or_throw({"apt-config", "dump"}))) {
        if (line.starts_with("Acquire::http") && !line.ends_with(" \"\";"))
            options.push_back("--aptopt=" + line);
    }
    return options;
}

void make_tarball(const fs::path &tarball)
{
    SystemProcessRunner runner;
    SystemFilesystem files;
    const auto mirrors = find_apt_mirrors({runner, files});
    if (!mirrors)
        throw std::runtime_error(mirrors.error().message);
    const auto sources = sources_for(*mirrors, suites, "deb");
    if (!sources)
        throw std::runtime_error(sources.error().message);
    const OwnFolder work;
    std::ofstream(work.path() / "debian.sources") << *sources;
    const auto fresh = tarball.parent_path() / fmt::format("partial-{}.tar", getpid());
    // The lists of packages stay: the tests install more.
    std::vector<std::string> argv = {"mmdebstrap", "--variant=apt", "--include=gcc,libc6-dev",
                                     "--skip=cleanup/apt/lists"};
    const auto options = apt_options();
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {suites.front(), fresh.string(), (work.path() / "debian.sources").string()});
    try {
        run_or_throw(argv);
    } catch (...) {
        std::error_code ignored;
        fs::remove(fresh, ignored);
        throw;
    }
    fs::rename(fresh, tarball);
}

// Of today; the older ones go.
fs::path tarball_of_today()
{
    const auto folder = cache_directory() / "chroot";
    fs::create_directories(folder);
    const auto tarball = folder / fmt::format("{}-{:%Y%m%d}.tar", suites.front(), fmt::gmtime(std::time(nullptr)));
    if (fs::exists(tarball))
        return tarball;
    make_tarball(tarball);
    for (const auto &entry : fs::directory_iterator(folder)) {
        if (entry.path() != tarball && entry.path().filename().string().starts_with(suites.front()))
            fs::remove(entry.path());
    }
    return tarball;
}

} // namespace

std::string Chroot::obstacle()
{
    const auto probe = run_program(as_root({"chroot", "/", "true"}));
    if (probe.ok())
        return {};
    return "neither root nor user namespaces: " + trim(probe.errors);
}

Chroot::Chroot() : root_(folder_.path() / "debian")
{
    fs::create_directory(root_);
    run_or_throw(as_root(
        {"tar", "-C", root_.string(), "--exclude=./dev/*", "--numeric-owner", "-xf", tarball_of_today().string()}));
}

Chroot::~Chroot()
{
    try {
        run_or_throw(as_root({"rm", "-rf", "--one-file-system", root_.string()}));
    } catch (const std::exception &error) {
        ADD_FAILURE() << error.what();
    }
}

ProcessResult Chroot::run(const std::vector<std::string> &argv) const
{
    std::vector<std::string> all = as_root(
        {"sh", "-c", "mount --rbind /dev \"$0/dev\" && mount --rbind /proc \"$0/proc\" && exec chroot \"$0\" \"$@\"",
         root_.string()});
    all.insert(all.end(), argv.begin(), argv.end());
    return run_program(all, "/",
                       {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                        {"DEBIAN_FRONTEND", "noninteractive"},
                        {"HOME", "/root"},
                        {"TMPDIR", "/tmp"}});
}

std::string Chroot::output_of(const std::vector<std::string> &argv) const
{
    const auto result = run(argv);
    if (!result.ok())
        throw std::runtime_error(fmt::format("in the chroot: {} failed ({}):\n{}{}", fmt::join(argv, " "),
                                             result.status, result.output, result.errors));
    return result.output;
}

void Chroot::write(const fs::path &path, const std::string &text) const
{
    const OwnFolder work;
    std::ofstream(work.path() / "text") << text;
    copy_in(work.path() / "text", path);
}

void Chroot::copy_in(const fs::path &from, const fs::path &to) const
{
    run_or_throw(as_root({"cp", "-r", from.string(), (root_ / to.relative_path()).string()}));
}

void Chroot::copy_out(const fs::path &from, const fs::path &to) const
{
    run_or_throw(as_root({"cp", "-r", (root_ / from.relative_path()).string(), to.string()}));
}

} // namespace krun
