// SPDX-License-Identifier: MIT
// See dry_run.hpp.
#include "util/dry_run.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <fstream>

#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// Shows commands, and reports success; those that only ask are run.
class ShownRunner : public ProcessRunner
{
  public:
    explicit ShownRunner(DryRun &shown) : shown_(shown) {}
    Result<ProcessResult> run(const Command &command) override
    {
        if (command.asks)
            return shown_.real().runner.run(command);
        shown_.show(quoted(command));
        return ProcessResult{};
    }

  private:
    DryRun &shown_;
};

// Reads what is there; shows what would change it.
class ShownFiles : public Filesystem
{
  public:
    explicit ShownFiles(DryRun &shown) : shown_(shown), real_(shown.real().files) {}
    bool exists(const std::filesystem::path &path) override { return real_.exists(path); }
    bool is_directory(const std::filesystem::path &path) override { return real_.is_directory(path); }
    bool is_link(const std::filesystem::path &path) override { return real_.is_link(path); }
    Result<std::string> read(const std::filesystem::path &path) override { return real_.read(path); }
    Result<std::optional<std::string>> read_if_there(const std::filesystem::path &path) override
    {
        return real_.read_if_there(path);
    }
    Result<std::string> read_at_most(const std::filesystem::path &path, std::size_t size) override
    {
        return real_.read_at_most(path, size);
    }
    Result<std::vector<std::string>> list(const std::filesystem::path &directory) override
    {
        return real_.list(directory);
    }
    std::uintmax_t size_of(const std::filesystem::path &path) override { return real_.size_of(path); }
    std::uintmax_t free_space(const std::filesystem::path &path) override { return real_.free_space(path); }

    Result<void> write(const std::filesystem::path &path, const std::string & /*text*/) override
    {
        shown_.note("write " + shell_quoted(path.string()));
        return {};
    }
    Result<void> write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode) override
    {
        shown_.note(fmt::format("write {} (mode {:o}):", shell_quoted(path.string()), mode));
        for (const auto &line : lines_of(text))
            shown_.note("  | " + line);
        return {};
    }
    Result<void> make_directories(const std::filesystem::path &path) override
    {
        return real_.exists(path) ? Result<void>() : show({"mkdir", "-p", path.string()});
    }
    Result<void> make_private_folder(const std::filesystem::path &path) override
    {
        return real_.exists(path) ? Result<void>() : show({"mkdir", "-p", "-m", "700", path.string()});
    }
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override
    {
        return show({"mv", from.string(), to.string()});
    }
    Result<void> remove_all(const std::filesystem::path &path) override
    {
        return is_there(path) ? show({"rm", "-rf", path.string()}) : Result<void>();
    }
    Result<void> remove_file(const std::filesystem::path &path) override
    {
        return is_there(path) ? show({"rm", path.string()}) : Result<void>();
    }
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &to) override
    {
        return show({"cp", from.string(), to.string()});
    }
    // Nobody else is kept from anything.
    Result<FileLock> lock(const std::filesystem::path & /*path*/, const std::string & /*what*/) override
    {
        return FileLock();
    }
    std::optional<FileLock> try_lock(const std::filesystem::path & /*path*/) override { return FileLock(); }

  private:
    bool is_there(const std::filesystem::path &path) { return real_.exists(path) || real_.is_link(path); }
    Result<void> show(std::vector<std::string> argv)
    {
        shown_.show(quoted({.argv = std::move(argv)}));
        return {};
    }

    DryRun &shown_;
    Filesystem &real_;
};

} // namespace

DryRun::DryRun(const Env &real, bool keep_lines)
    : real_(real), keep_lines_(keep_lines), runner_(std::make_unique<ShownRunner>(*this)),
      files_(std::make_unique<ShownFiles>(*this))
{
    Progress::hide(true);
}

DryRun::~DryRun() { Progress::hide(false); }

void DryRun::show(const std::string &line)
{
    if (keep_lines_)
        lines_.push_back(line);
    else
        std::puts(line.c_str());
}

const Env &Env::for_scratch() const { return dry_run() ? shown->real() : *this; }

Result<ProcessResult> TracedRunner::run(const Command &command)
{
    if (!trace_.empty() && !command.asks)
        std::ofstream(trace_, std::ios::app) << quoted(command) + "\n" << std::flush;
    return real_.run(command);
}

} // namespace krun
