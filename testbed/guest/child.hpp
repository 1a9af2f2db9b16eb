// SPDX-License-Identifier: MIT
// The command that the guest was started for: its descriptors as init sees them.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "protocol.h"

enum class InputMode { quiet, pipe, terminal };

struct Task {
    std::vector<std::string> command; // empty: a login shell
    std::vector<std::string> environment;
    InputMode mode = InputMode::quiet;
};

// What the files below /krun ask for.
Task read_task();

class Child
{
  public:
    // Forks and executes; what goes wrong before exec is written to the child's stderr, with status 126 or 127.
    bool start(const Task &task);
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] int input() const { return input_; }   // -1 when closed
    [[nodiscard]] int output() const { return output_; } // stdout, or the terminal's master
    [[nodiscard]] int errors() const { return errors_; }
    void close_input();
    void close_output();
    void close_errors();
    void resize(unsigned rows, unsigned columns) const;

  private:
    bool make_pipes(InputMode mode);
    bool make_terminal();
    [[noreturn]] void become(const Task &task);

    pid_t pid_ = -1;
    int input_ = -1, output_ = -1, errors_ = -1;
    int child_input_ = -1, child_output_ = -1, child_errors_ = -1;
};
