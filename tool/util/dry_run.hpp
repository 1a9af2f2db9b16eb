// SPDX-License-Identifier: MIT
// The same steps, shown instead of done.
//
// Theory: a dry run goes through the code of the real one, with a runner and files that print what they are asked to
// do: commands as a shell takes them, what is written only by its name, in a comment; settings, which are written
// durably, with their text. Files are read, and commands that only ask (Command::asks) are run: both change nothing.
// What a step would find in files that are not there yet it has to foresee, or to leave out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

class DryRun
{
  public:
    // Prints each line, or keeps it.
    explicit DryRun(const Env &real, bool keep_lines = false);
    DryRun(const DryRun &) = delete;
    DryRun &operator=(const DryRun &) = delete;
    ~DryRun();
    [[nodiscard]] Env env() { return {*runner_, *files_, this}; }
    [[nodiscard]] const Env &real() const { return real_; }
    [[nodiscard]] const std::vector<std::string> &lines() const { return lines_; }
    // A line of the shell's, or, in a note, a comment.
    void show(const std::string &line);
    void note(const std::string &text) { show("# " + text); }

  private:
    Env real_;
    bool keep_lines_;
    std::vector<std::string> lines_;
    std::unique_ptr<ProcessRunner> runner_;
    std::unique_ptr<Filesystem> files_;
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

} // namespace krun
