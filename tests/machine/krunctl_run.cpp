// SPDX-License-Identifier: MIT
#include "krunctl_run.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace
{

std::string contents(const std::string &path)
{
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

void redirect(const std::string &path, int flags, int to)
{
    const int descriptor = open(path.c_str(), flags, 0644);
    if (descriptor < 0 || dup2(descriptor, to) < 0)
        _exit(125);
}

void pause_shortly() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

} // namespace

KrunctlRun::KrunctlRun(const std::vector<std::string> &arguments, const std::string &input)
{
    std::string name = (std::filesystem::temp_directory_path() / "krun-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary folder");
    folder_ = name;
    std::ofstream(folder_ + "/in", std::ios::binary) << input;
    std::vector<std::string> words{KRUNCTL};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0)
        return;
    redirect(folder_ + "/in", O_RDONLY, STDIN_FILENO);
    redirect(folder_ + "/out", O_WRONLY | O_CREAT, STDOUT_FILENO);
    redirect(folder_ + "/err", O_WRONLY | O_CREAT, STDERR_FILENO);
    execv(argv.front(), argv.data());
    _exit(125);
}

KrunctlRun::~KrunctlRun()
{
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void KrunctlRun::signal(int number) const { kill(pid_, number); }

pid_t KrunctlRun::qemu() const
{
    const std::string children = "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children";
    for (int attempt = 0; attempt < 1200; ++attempt, pause_shortly()) {
        std::istringstream pids(contents(children));
        for (pid_t pid = 0; pids >> pid;) {
            if (contents("/proc/" + std::to_string(pid) + "/comm").starts_with("qemu-system"))
                return pid;
        }
    }
    return 0;
}

Ran KrunctlRun::wait()
{
    int how = 0;
    waitpid(pid_, &how, 0);
    pid_ = -1;
    return {WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how), contents(folder_ + "/out"),
            contents(folder_ + "/err")};
}

bool still_runs(pid_t pid)
{
    for (int attempt = 0; attempt < 100; ++attempt, pause_shortly()) {
        const std::string status = contents("/proc/" + std::to_string(pid) + "/stat");
        if (status.empty() || status.find(") Z ") != std::string::npos)
            return false;
    }
    return true;
}
