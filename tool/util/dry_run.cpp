// SPDX-License-Identifier: MIT
// See dry_run.hpp.
#include "util/dry_run.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Result<void> show(const std::vector<std::string> &argv)
{
    Command command;
    command.argv = argv;
    std::puts(quoted(command).c_str());
    return {};
}

} // namespace

Result<ProcessResult> ShownRunner::run(const Command &command)
{
    if (command.asks)
        return real_.run(command);
    std::puts(quoted(command).c_str());
    return ProcessResult{};
}

Result<ProcessResult> TracedRunner::run(const Command &command)
{
    if (!trace_.empty() && !command.asks)
        std::ofstream(trace_, std::ios::app) << quoted(command) + "\n" << std::flush;
    return real_.run(command);
}

Result<void> ShownFiles::write(const std::filesystem::path &path, const std::string &text)
{
    static_cast<void>(text);
    show_note("write " + shell_quoted(path.string()));
    return {};
}

Result<void> ShownFiles::write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode)
{
    static_cast<void>(mode);
    return write(path, text);
}

Result<void> ShownFiles::make_directories(const std::filesystem::path &path)
{
    if (real_.exists(path))
        return {};
    return show({"mkdir", "-p", path.string()});
}

Result<void> ShownFiles::make_private_folder(const std::filesystem::path &path)
{
    if (real_.exists(path))
        return {};
    return show({"mkdir", "-p", "-m", "700", path.string()});
}

Result<void> ShownFiles::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    return show({"mv", from.string(), to.string()});
}

Result<void> ShownFiles::remove_all(const std::filesystem::path &path)
{
    if (!real_.exists(path) && !real_.is_link(path))
        return {};
    return show({"rm", "-rf", path.string()});
}

Result<void> ShownFiles::remove_file(const std::filesystem::path &path)
{
    if (!real_.exists(path) && !real_.is_link(path))
        return {};
    return show({"rm", path.string()});
}

Result<void> ShownFiles::copy_file(const std::filesystem::path &from, const std::filesystem::path &to)
{
    return show({"cp", from.string(), to.string()});
}

Result<FileLock> ShownFiles::lock(const std::filesystem::path &path, const std::string &what)
{
    static_cast<void>(path);
    static_cast<void>(what);
    return FileLock();
}

std::optional<FileLock> ShownFiles::try_lock(const std::filesystem::path &path)
{
    static_cast<void>(path);
    return FileLock();
}

DryRun::DryRun(const Env &real) : real_(real), runner_(real_.runner), files_(real_.files) { Progress::hide(true); }

DryRun::~DryRun() { Progress::hide(false); }

void show_note(const std::string &text) { std::puts(("# " + text).c_str()); }

} // namespace krun
