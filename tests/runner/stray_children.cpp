// SPDX-License-Identifier: MIT
// See stray_children.hpp.
#include "runner/stray_children.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace krun
{

namespace
{

constexpr std::chrono::seconds patience{8};
constexpr std::chrono::milliseconds interval{50};

std::set<pid_t> children()
{
    const auto self = std::to_string(getpid());
    std::ifstream list("/proc/" + self + "/task/" + self + "/children");
    std::set<pid_t> all;
    for (pid_t pid = 0; list >> pid;)
        all.insert(pid);
    return all;
}

} // namespace

void adopt_strays() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void end_strays()
{
    std::set<pid_t> asked;
    const auto begun = std::chrono::steady_clock::now();
    for (auto all = children(); !all.empty(); all = children()) {
        const bool patient = std::chrono::steady_clock::now() - begun < patience;
        for (const pid_t pid : all)
            if (!patient)
                kill(pid, SIGKILL);
            else if (asked.insert(pid).second)
                kill(pid, SIGTERM);
        while (waitpid(-1, nullptr, WNOHANG) > 0)
            ;
        std::this_thread::sleep_for(interval);
    }
}

} // namespace krun
