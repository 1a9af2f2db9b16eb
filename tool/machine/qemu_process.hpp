// SPDX-License-Identifier: MIT
// A running QEMU and krunctl's end of the line to its guest.
//
// It is not util's ProcessRunner that starts it, because that one waits for a program's end, and here bytes go
// both ways while it runs. It too gets an argument vector and no shell.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "machine/confinement.hpp"
#include "util/child_process.hpp"
#include "util/result.hpp"

namespace krun
{

struct QemuStart {
    std::vector<std::string> argv;
    std::filesystem::path log;     // what QEMU itself prints
    std::filesystem::path console; // becomes console_descriptor; empty: there is none
    std::optional<Confinement> confinement;
};

class QemuProcess
{
  public:
    static Result<QemuProcess> start(const QemuStart &wanted);
    QemuProcess(QemuProcess &&other) noexcept;
    QemuProcess &operator=(QemuProcess &&) = delete;
    QemuProcess(const QemuProcess &) = delete;
    QemuProcess &operator=(const QemuProcess &) = delete;
    ~QemuProcess(); // kills it when it still runs

    [[nodiscard]] int line() const { return line_.get(); }   // a non-blocking socket
    [[nodiscard]] int ended() const { return ended_.get(); } // readable when QEMU has ended
    void kill();
    // Its exit status, 128 + signal number when killed; waits for the end.
    int wait();

  private:
    QemuProcess(pid_t pid, OwnedDescriptor ended, OwnedDescriptor line);

    pid_t pid_ = -1;
    int status_ = 0;
    OwnedDescriptor ended_;
    OwnedDescriptor line_;
};

} // namespace krun
