// SPDX-License-Identifier: MIT

#include "util/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "util/own_process.hpp"
#include "util/result.hpp"

extern "C" { // this header of glibc 2.36 forgets to say so
#include <sys/pidfd.h>
}

namespace krun
{
namespace
{

// Make standard programs read or write something else than their arguments say, whatever their name.
constexpr std::array<std::string_view, 16> habit_variables{"POSIXLY_CORRECT",
                                                           "BASH_ENV",
                                                           "ENV",
                                                           "CDPATH",
                                                           "GREP_OPTIONS",
                                                           "GREP_COLORS",
                                                           "TAR_OPTIONS",
                                                           "XZ_OPT",
                                                           "XZ_DEFAULTS",
                                                           "GZIP",
                                                           "ZSTD_CLEVEL",
                                                           "PATCH_GET",
                                                           "VERSION_CONTROL",
                                                           "PATCH_VERSION_CONTROL",
                                                           "SIMPLE_BACKUP_SUFFIX",
                                                           "LANGUAGE"};

bool matches(std::string_view name, std::string_view pattern)
{
    if (pattern.ends_with('*'))
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return name == pattern;
}

bool is_inherited(const Command &command, std::string_view name, const std::string &value)
{
    if (std::none_of(command.inherits.begin(), command.inherits.end(),
                     [&](const std::string &pattern) { return matches(name, pattern); }))
        return false;
    if (name == "TMPDIR")
        return value.starts_with('/') && access(value.c_str(), W_OK | X_OK) == 0;
    return command.terminal || std::find(habit_variables.begin(), habit_variables.end(), name) == habit_variables.end();
}

} // namespace

std::vector<std::string> variables_for_git()
{
    return {"PATH", "HOME", "USER", "LOGNAME", "XDG_*", "TMPDIR", "LD_PRELOAD", "LD_LIBRARY_PATH", "SUDO_UID",
            // where the person's settings are, as with HOME
            "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"};
}

std::vector<std::string> environment_for(const Command &command)
{
    auto added = command.environment;
    if (!command.terminal)
        added.insert({"LC_ALL", "C"});
    std::vector<std::string> all;
    for (char **entry = environ; *entry != nullptr; ++entry) {
        const std::string variable = *entry;
        const auto name = variable.substr(0, variable.find('='));
        if (added.count(name) == 0 &&
            is_inherited(command, name, variable.substr(std::min(name.size() + 1, variable.size()))))
            all.push_back(variable);
    }
    for (const auto &[name, value] : added)
        all.push_back(fmt::format("{}={}", name, value));
    return all;
}

namespace
{

struct Pipes {
    Pipe input, output, errors, exec_error;
};

// What the child reports through `exec_error` if it could not start its program.
struct ExecError {
    int number = 0;
    bool of_directory = false;
};

// Another thread may have held any lock of the C library at the moment of fork(): nothing here may allocate memory.
[[noreturn]] void run_in_child(const Command &command, Pipes &pipes, char **arguments, char **environment, pid_t parent)
{
    ExecError error;
    if (command.dies_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(127);
    if (!command.terminal) {
        setpgid(0, 0);
        dup2(pipes.input.read_end.get(), STDIN_FILENO);
        dup2(pipes.output.write_end.get(), STDOUT_FILENO);
        dup2(pipes.errors.write_end.get(), STDERR_FILENO);
    }
    restore_signals_for_exec();
    restore_open_file_limit_for_exec();
    environ = environment; // execvp() looks for the program on the PATH in there
    if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) {
        error.of_directory = true;
    } else {
        execvp(arguments[0], arguments);
    }
    error.number = errno;
    // The pipe is closed on a successful exec; this only runs when there was none.
    if (write(pipes.exec_error.write_end.get(), &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

tl::unexpected<Error> start_error(const Command &command, const ExecError &error)
{
    if (error.of_directory)
        return system_failure("change to", command.directory, error.number);
    const auto &name = command.argv.front();
    if (error.number == ENOENT)
        return host_lacks(fmt::format("the program `{}` is not installed", name),
                          "install the Debian package that has it");
    return system_failure("execute", name, error.number);
}

} // namespace

OwnedChild::~OwnedChild()
{
    kill();
    wait();
}

void OwnedChild::kill() const
{
    if (pid_ > 0)
        ::kill(pid_, SIGKILL);
}

int OwnedChild::wait()
{
    int how = 0;
    while (pid_ > 0) {
        if (waitpid(pid_, &how, 0) < 0 && errno == EINTR)
            continue;
        status_ = exit_status_of(how);
        pid_ = -1;
    }
    return status_;
}

std::vector<char *> pointers_to(const std::vector<std::string> &texts)
{
    std::vector<char *> pointers;
    pointers.reserve(texts.size() + 1);
    for (const auto &text : texts)
        pointers.push_back(const_cast<char *>(text.c_str())); // exec's signature is older than const
    pointers.push_back(nullptr);
    return pointers;
}

int exit_status_of(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

double seconds_of(const timeval &time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Result<ChildProcess> start_child(const Command &command)
{
    Pipes pipes;
    if (!make_pipe(pipes.exec_error) ||
        (!command.terminal && (!make_pipe(pipes.input) || !make_pipe(pipes.output) || !make_pipe(pipes.errors))))
        return system_failure("create", "a pipe", errno);
    auto arguments = pointers_to(command.argv);
    const auto variables = environment_for(command);
    auto environment = pointers_to(variables);

    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0)
        return system_failure("start", command.argv.front(), errno);
    if (pid == 0)
        run_in_child(command, pipes, arguments.data(), environment.data(), parent);
    if (!command.terminal)
        setpgid(pid, pid); // both sides do it, so that the group exists no matter which runs first

    pipes.exec_error.write_end.reset();
    ExecError error;
    if (read_message(pipes.exec_error.read_end.get(), &error, sizeof error)) {
        waitpid(pid, nullptr, 0);
        return start_error(command, error);
    }
    ChildProcess child;
    child.pid = pid;
    child.ended = OwnedDescriptor(pidfd_open(pid, 0));
    if (!command.terminal) {
        child.input = std::move(pipes.input.write_end);
        child.output = std::move(pipes.output.read_end);
        child.errors = std::move(pipes.errors.read_end);
        for (const int descriptor : {child.input.get(), child.output.get(), child.errors.get()})
            fcntl(descriptor, F_SETFL, O_NONBLOCK);
    }
    return child;
}

} // namespace krun
