// SPDX-License-Identifier: MIT
// A client of libkruntime in a guest that has the counters: all that the original's own test program does, and what
// else iteration runners rely on.
//
//   kruntime_modes [--user ID] [--denied]
//
// --user: as that user and group, without any privilege. --denied: krun_init() must say that counters cannot be read.
//
// Theory: the library ends the process where it fails, and keeps the state of one process, so that each mode is a
// process. It checks itself; its messages and its status come back to us.
#include <cstring>
#include <grp.h>
#include <sched.h>
#include <string>
#include <sys/wait.h>

#include "kruntime.h"
#include "modes.hpp"

namespace
{

void run_on_cpu(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    EXPECT(sched_setaffinity(0, sizeof(set), &set) == 0);
}

struct Outcome {
    int status;
    std::string errors;
};

[[noreturn]] void run_here(const Mode &mode)
{
    run_on_cpu(0);
    if (mode.initialised)
        krun_init();
    mode.run();
    krun_done();
    std::exit(EXIT_SUCCESS);
}

Outcome run_mode(const Mode &mode)
{
    int ends[2];
    EXPECT(pipe(ends) == 0);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run_here(mode);
    }
    close(ends[1]);
    Outcome outcome{};
    char piece[512];
    for (ssize_t length = 0; (length = read(ends[0], piece, sizeof(piece))) > 0;)
        outcome.errors.append(piece, static_cast<size_t>(length));
    close(ends[0]);
    int status = 0;
    EXPECT(waitpid(child, &status, 0) == child);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

bool is_as_expected(const Mode &mode, const Outcome &outcome)
{
    if (mode.failure == nullptr)
        return outcome.status == EXIT_SUCCESS && outcome.errors.empty();
    return outcome.status == EXIT_FAILURE && outcome.errors.find(mode.failure) != std::string::npos;
}

void all_cpus_online()
{
    for (int cpu = 1; root() && cpu <= last_cpu(); ++cpu)
        set_online(cpu, true);
}

bool run_all(const std::vector<Mode> &all)
{
    bool good = true;
    std::printf("1..%zu\n", all.size());
    std::fflush(stdout);
    for (size_t number = 0; number < all.size(); ++number) {
        const Mode &mode = all[number];
        const Outcome outcome = run_mode(mode);
        all_cpus_online();
        const bool passed = outcome.status == skipped || is_as_expected(mode, outcome);
        std::printf("%s %zu %s%s\n", passed ? "ok" : "not ok", number + 1, mode.name,
                    outcome.status == skipped ? " # SKIP not for this user" : "");
        if (!passed)
            std::printf("# status %d, expected %s\n# %s\n", outcome.status,
                        mode.failure != nullptr ? mode.failure : "success", outcome.errors.c_str());
        std::fflush(stdout);
        good = good && passed;
    }
    return good;
}

void become(unsigned id)
{
    EXPECT(setgroups(0, nullptr) == 0);
    EXPECT(setgid(id) == 0);
    EXPECT(setuid(id) == 0);
}

} // namespace

int main(int argc, char **argv)
{
    bool denied = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--denied") == 0) {
            denied = true;
        } else if (std::strcmp(argv[i], "--user") == 0 && i + 1 < argc) {
            become(static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10)));
        } else {
            std::fprintf(stderr, "usage: kruntime_modes [--user ID] [--denied]\n");
            return 2;
        }
    }
    unsetenv("KRUN_MSRS");
    return run_all(denied ? modes_of_the_denied : modes) ? EXIT_SUCCESS : EXIT_FAILURE;
}
