// SPDX-License-Identifier: MIT
// Runs a program and keeps what it prints.
#pragma once

#include <string>

struct ProgramRun {
    int status = -1;    // of its exit; -1: it was killed, or did not start
    std::string output; // stdout and stderr
};

ProgramRun run_program(const std::string &shell_command);
