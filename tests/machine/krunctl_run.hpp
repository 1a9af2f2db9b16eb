// SPDX-License-Identifier: MIT
// Runs the built krunctl as a person would, with files for its three streams.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

struct Ran {
    int status = -1; // 128 + signal number when killed
    std::string output;
    std::string errors;
};

class KrunctlRun
{
  public:
    KrunctlRun(const std::vector<std::string> &arguments, const std::string &input = {});
    KrunctlRun(const KrunctlRun &) = delete;
    KrunctlRun &operator=(const KrunctlRun &) = delete;
    ~KrunctlRun();

    void signal(int number) const;
    // The process id of its QEMU once it runs; 0 when it does not appear within a minute.
    [[nodiscard]] pid_t qemu() const;
    Ran wait();

  private:
    pid_t pid_ = -1;
    std::string folder_;
};

// False once the process is gone (or a zombie), waiting for it a few seconds.
bool still_runs(pid_t pid);
