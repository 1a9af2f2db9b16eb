// SPDX-License-Identifier: MIT
// A running QEMU and krunctl's end of the line to its guest.
//
// It is not util's ProcessRunner that starts it, because that one waits for a program's end, and here bytes go
// both ways while it runs. It too gets an argument vector and no shell.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "machine/qemu_arguments.hpp"
#include "util/child_process.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// What QEMU may do on the host: a guest that breaks out of it must not find itself root there.
//
// Theory: as root, we give up all privileges between fork() and exec(), before QEMU has read a byte of a foreign
// kernel. From then on it opens by name only what is in its working directory, where we have put it; a folder above
// that nobody else may enter (a home of mode 0700) does not matter for that. The rest are descriptors that it inherits.
// QEMU's own -runas would come after it has read everything, and would end PR_SET_PDEATHSIG.

struct Confinement {
    uid_t user; // of nobody else, and not of another guest's QEMU
    gid_t group;
    std::vector<gid_t> more_groups;
    std::filesystem::path folder; // its working directory
};

// None unless we are root, and may become somebody else: not in a user namespace that has no other users, nor without
// the capabilities for it. Nor with KVM, when its device is root's alone; that is said.
std::optional<Confinement> confinement_in(const std::filesystem::path &folder, bool kvm);
// Copies what QEMU reads into the folder, for its group to read, and names it there.
Result<void> move_in(Filesystem &files, const Confinement &confinement, MachineRequest &request, QemuSetup &setup);

struct QemuStart {
    std::vector<std::string> argv;
    std::filesystem::path log;     // what QEMU itself prints
    std::filesystem::path console; // becomes console_descriptor; empty: there is none
    std::optional<Confinement> confinement;
};

// Killed at the end of this when it still runs.
class QemuProcess
{
  public:
    static Result<QemuProcess> start(const QemuStart &wanted);

    [[nodiscard]] int line() const { return line_.get(); }   // a non-blocking socket
    [[nodiscard]] int ended() const { return ended_.get(); } // readable when QEMU has ended
    void kill() { child_.kill(); }
    int wait() { return child_.wait(); }

  private:
    QemuProcess(OwnedDescriptor line, OwnedDescriptor ended, OwnedChild child)
        : line_(std::move(line)), ended_(std::move(ended)), child_(std::move(child))
    {
    }

    OwnedDescriptor line_;
    OwnedDescriptor ended_;
    OwnedChild child_;
};

} // namespace krun
