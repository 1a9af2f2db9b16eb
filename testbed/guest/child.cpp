// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace
{

std::string contents(const char *path)
{
    std::string text;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return text;
    std::array<char, 4096> piece{};
    ssize_t got = 0;
    while ((got = read(descriptor, piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(got));
    close(descriptor);
    return text;
}

std::vector<std::string> terminated_strings(const std::string &text)
{
    std::vector<std::string> strings;
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text.find('\0', start)) != std::string::npos; start = end + 1)
        strings.push_back(text.substr(start, end - start));
    return strings;
}

void close_one(int &descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
    descriptor = -1;
}

void never_block(int descriptor) { fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

std::vector<char *> pointers(const std::vector<std::string> &strings)
{
    std::vector<char *> result;
    result.reserve(strings.size() + 1);
    for (const std::string &text : strings)
        result.push_back(const_cast<char *>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

} // namespace

Task read_task()
{
    Task task;
    task.command = terminated_strings(contents(KRUN_GUEST_COMMAND_FILE));
    // The host's additions come last in the list, and putenv() below lets the last one win.
    task.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME=/root",
                        "USER=root",
                        "LOGNAME=root",
                        "SHELL=/bin/sh",
                        "TERM=linux"};
    for (const std::string &entry : terminated_strings(contents(KRUN_GUEST_ENVIRONMENT_FILE)))
        task.environment.push_back(entry);
    const std::string mode = contents(KRUN_GUEST_MODE_FILE);
    if (mode == KRUN_GUEST_MODE_PIPE)
        task.mode = InputMode::pipe;
    else if (mode == KRUN_GUEST_MODE_TERMINAL)
        task.mode = InputMode::terminal;
    return task;
}

bool Child::make_pipes(InputMode mode)
{
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0)
        return false;
    output_ = out[0];
    child_output_ = out[1];
    errors_ = err[0];
    child_errors_ = err[1];
    if (mode == InputMode::quiet) {
        child_input_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return child_input_ >= 0;
    }
    std::array<int, 2> in{};
    if (pipe2(in.data(), O_CLOEXEC) != 0)
        return false;
    child_input_ = in[0];
    input_ = in[1];
    return true;
}

bool Child::make_terminal()
{
    const int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || unlockpt(master) != 0)
        return false;
    std::array<char, 64> name{};
    if (ptsname_r(master, name.data(), name.size()) != 0)
        return false;
    child_input_ = open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (child_input_ < 0)
        return false;
    child_output_ = fcntl(child_input_, F_DUPFD_CLOEXEC, 0);
    child_errors_ = fcntl(child_input_, F_DUPFD_CLOEXEC, 0);
    output_ = master;
    input_ = fcntl(master, F_DUPFD_CLOEXEC, 0);
    return true;
}

void Child::become(const Task &task)
{
    setsid();
    dup2(child_input_, STDIN_FILENO);
    dup2(child_output_, STDOUT_FILENO);
    dup2(child_errors_, STDERR_FILENO);
    if (task.mode == InputMode::terminal)
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGCHLD, SIGPIPE})
        signal(number, SIG_DFL);
    clearenv();
    for (const std::string &entry : task.environment)
        putenv(const_cast<char *>(entry.c_str()));
    std::vector<std::string> command = task.command;
    if (command.empty())
        command = {"-sh"};
    const std::string program = task.command.empty() ? "/bin/sh" : command.front();
    execvp(program.c_str(), pointers(command).data());
    const int reason = errno;
    dprintf(STDERR_FILENO, "krun-init: cannot run %s in the guest: %s\n", program.c_str(), strerror(reason));
    _exit(reason == ENOENT ? 127 : 126);
}

bool Child::start(const Task &task)
{
    const bool ready = task.mode == InputMode::terminal ? make_terminal() : make_pipes(task.mode);
    if (!ready)
        return false;
    pid_ = fork();
    if (pid_ < 0)
        return false;
    if (pid_ == 0)
        become(task);
    close_one(child_input_);
    close_one(child_output_);
    close_one(child_errors_);
    for (const int descriptor : {input_, output_, errors_}) {
        if (descriptor >= 0)
            never_block(descriptor);
    }
    return true;
}

void Child::close_input() { close_one(input_); }
void Child::close_output() { close_one(output_); }
void Child::close_errors() { close_one(errors_); }

void Child::resize(unsigned rows, unsigned columns) const
{
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    if (output_ >= 0)
        ioctl(output_, TIOCSWINSZ, &size);
}
