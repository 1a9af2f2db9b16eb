// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <array>
#include <cstdio>
#include <sys/wait.h>

ProgramRun run_program(const std::string &shell_command)
{
    ProgramRun run;
    FILE *pipe = popen((shell_command + " 2>&1").c_str(), "re");
    if (pipe == nullptr)
        return run;
    std::array<char, 4096> part{};
    while (const std::size_t length = fread(part.data(), 1, part.size(), pipe))
        run.output.append(part.data(), length);
    const int ended = pclose(pipe);
    if (ended != -1 && WIFEXITED(ended))
        run.status = WEXITSTATUS(ended);
    return run;
}
