// SPDX-License-Identifier: MIT
// Programs: what is to be run, who runs it, and what came of it.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

// The one way to start another program: an argument vector, never a shell string. What it says is English: it runs with
// LC_ALL=C, unless on the person's terminal.

struct Command {
    std::vector<std::string> argv = {};
    std::filesystem::path directory = {};                // working directory; empty: the caller's
    std::map<std::string, std::string> environment = {}; // added to the caller's
    // Names of the caller's variables that the program gets, as in {"PATH", "XDG_*"}; see child_process.hpp.
    std::vector<std::string> inherits = {"*"};
    std::string input = {}; // what the program reads on its stdin
    bool asks = false;      // it changes nothing, and a dry run runs it as well
    bool capture = true;    // keep stdout in ProcessResult::output
    // Each line of stdout and stderr as it comes, without its newline. Called on the caller's thread.
    std::function<void(const std::string &)> on_line = {};
    std::filesystem::path log = {};                        // stdout and stderr are appended here too; empty: nowhere
    std::optional<std::chrono::milliseconds> timeout = {}; // then the whole process group is killed
    const std::atomic<bool> *stop = nullptr;               // once true, it ends as on Ctrl-C: for another thread
    // The program gets our own stdin, stdout and stderr and stays in our process group, because it talks to the
    // person (menuconfig, a shell). Nothing is captured or logged then, and `input` is not used.
    bool terminal = false;
    // It is killed when we are, however we die: what it works on is the next krunctl's then.
    bool dies_with_us = false;
};

struct ProcessResult {
    int status = 0; // exit status; 128 + signal number when killed by a signal, as a shell has it
    bool timed_out = false;
    double cpu_seconds = 0; // user and system time, of the program and of all its descendants that were waited for
    std::string output;     // stdout
    std::string errors;     // stderr

    [[nodiscard]] bool ok() const { return status == 0 && !timed_out; }
};

class ProcessRunner
{
  public:
    virtual ~ProcessRunner() = default;
    // Runs to the end. An Error means that the program could not be started or that the user pressed
    // Ctrl-C (ExitCode::interrupted; the child's process group is gone by then). A program that ran and
    // failed is a ProcessResult.
    virtual Result<ProcessResult> run(const Command &command) = 0;
    // Like run(), but a status other than 0 is also an Error: "`make` failed with status 2", with the log's path.
    Result<ProcessResult> run_ok(const Command &command);
};

// Why a program failed, in its last words; of a full disk, by itself.
tl::unexpected<Error> failure_of(const Command &command, const ProcessResult &result);

// Really runs. SIGINT and SIGTERM of krunctl reach the child's process group. Several threads may use one at a time.
class SystemProcessRunner : public ProcessRunner
{
  public:
    Result<ProcessResult> run(const Command &command) override;
};

// The command, ready to paste into a shell: "cd DIR && NAME=value argv...".
std::string quoted(const Command &command);

// True when `name` is an executable on PATH.
bool program_on_path(const std::string &name);

struct NeededProgram {
    std::string program;
    std::string package; // Debian's, that has it
};
// The first that is missing, as ExitCode::host_lacks with the command that installs it. Programs for administrators
// count too: Debian has their folders not on everybody's PATH.
Result<void> expect_programs(const std::vector<NeededProgram> &needed);

// The programs of one part of a longer job: what they cost, and an end to them from another thread.

// Used by the thread that does the part; stop() may be called by any.
class PartRunner : public ProcessRunner
{
  public:
    explicit PartRunner(ProcessRunner &runner) : runner_(runner) {}
    Result<ProcessResult> run(const Command &command) override;
    // The program that runs is ended as on Ctrl-C, and no other starts: ExitCode::interrupted.
    void stop() { stop_ = true; }
    [[nodiscard]] double cpu_seconds() const { return cpu_seconds_; } // of all programs that have ended

  private:
    ProcessRunner &runner_;
    std::atomic<bool> stop_ = false;
    double cpu_seconds_ = 0;
};

} // namespace krun
