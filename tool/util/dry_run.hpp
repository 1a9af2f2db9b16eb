// SPDX-License-Identifier: MIT
// The same steps, shown instead of done.
//
// Theory: a dry run goes through the code of the real one, with a runner and files that print what they are asked to
// do: commands as a shell takes them, what is written only by its name, in a comment. Files are read, and commands that
// only ask (Command::asks) are run: both change nothing. What a step would find in files that are not there yet it has
// to foresee, or to leave out.
#pragma once

#include "util/env.hpp"

namespace krun
{

// Prints commands, and reports success; those that only ask are run by another.
class ShownRunner : public ProcessRunner
{
  public:
    explicit ShownRunner(ProcessRunner &real) : real_(real) {}
    Result<ProcessResult> run(const Command &command) override;

  private:
    ProcessRunner &real_;
};

// Runs everything, and appends what a dry run shows of it to the file that KRUN_TRACE names, if it names one.
class TracedRunner : public ProcessRunner
{
  public:
    TracedRunner(ProcessRunner &real, const char *trace) : real_(real), trace_(trace == nullptr ? "" : trace) {}
    Result<ProcessResult> run(const Command &command) override;

  private:
    ProcessRunner &real_;
    std::string trace_;
};

// Reads what is there; prints what would change it.
class ShownFiles : public Filesystem
{
  public:
    explicit ShownFiles(Filesystem &real) : real_(real) {}
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

    Result<void> write(const std::filesystem::path &path, const std::string &text) override;
    Result<void> write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode) override;
    Result<void> make_directories(const std::filesystem::path &path) override;
    Result<void> make_private_folder(const std::filesystem::path &path) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> remove_all(const std::filesystem::path &path) override;
    Result<void> remove_file(const std::filesystem::path &path) override;
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &to) override;
    // Nobody else is kept from anything.
    Result<FileLock> lock(const std::filesystem::path &path, const std::string &what) override;
    std::optional<FileLock> try_lock(const std::filesystem::path &path) override;

  private:
    Filesystem &real_;
};

class DryRun
{
  public:
    explicit DryRun(const Env &real);
    DryRun(const DryRun &) = delete;
    DryRun &operator=(const DryRun &) = delete;
    ~DryRun();
    [[nodiscard]] Env env() { return {runner_, files_, &real_}; }

  private:
    Env real_;
    ShownRunner runner_;
    ShownFiles files_;
};

// A line of a dry run that is no command: a comment of the shell's.
void show_note(const std::string &text);

} // namespace krun
