// SPDX-License-Identifier: MIT
// A Debian machine in memory: files, dpkg, GRUB and its environment block, and a plug that can be pulled.
//
// Everything that changes the machine is one side effect after another, also inside a program: dpkg unpacks, makes an
// initrd, runs update-grub and marks the package as installed, and the power can fail in between. The programs, and
// what the machine boots then, are those of tests/simulation.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_filesystem.hpp"
#include "install/target.hpp"
#include "simulation/dpkg.hpp"
#include "util/process.hpp"

namespace krun
{

struct PowerLoss {
};

class FakeMachine : public FakeFilesystem, public ProcessRunner
{
  public:
    FakeMachine(); // runs 6.1.0-41-amd64, has 6.1.0-40-amd64, too; GRUB_DEFAULT=0

    // The plug, pulled after so many side effects.
    std::optional<unsigned> power_fails_after;
    // This side effect goes wrong: once, or with all that follow.
    std::optional<unsigned> fails_at;
    bool fails_for_good = false;
    unsigned effects = 0; // so far

    std::string running;
    std::set<std::string> panicking; // kernels that do
    std::string disk_abstraction;    // what grub-probe says
    std::string disk_filesystem = "ext2";
    std::string dkms;                  // what `dkms status` says
    std::vector<std::string> programs; // that were run, quoted

    Target target() { return Target{{*this, *this}, {}, running, true, "/var/log/krunctl/log"}; }
    // A .deb of this package; of a kernel if it is named so.
    std::filesystem::path add_deb(const std::string &name, const std::string &version,
                                  const std::string &architecture = "amd64");
    // A kernel as a Debian package brings it.
    void add_kernel(const std::string &release);
    std::map<std::string, simulation::Package> packages(); // what dpkg knows
    void set_package(const std::string &name, const simulation::Package &package);
    void forget_package(const std::string &name);
    void set_grub_variable(const std::string &name, const std::string &value);
    void update_grub(); // as the program does, for a machine that is set up
    // Switched on again: the kernel that runs in the end, "" when the machine hangs or does not boot.
    std::string boot();
    // All that makes up the machine, for comparing.
    [[nodiscard]] std::string snapshot() const;

    Result<ProcessResult> run(const Command &command) override;
    Result<void> write(const std::filesystem::path &path, const std::string &text) override;
    Result<void> write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> remove_all(const std::filesystem::path &path) override;
    std::map<std::filesystem::path, unsigned> modes; // of files written durably

  private:
    class ProgramsDisk;
    ProgramsDisk quiet_disk(); // for what is no program's doing
    bool survives_effect();    // false: this one goes wrong
};

constexpr const char *old_kernel = "6.1.0-41-amd64";
constexpr const char *krun_kernel = "6.12.117.krun.abcdef";
constexpr const char *newer_krun = "6.12.120.krun.fedcba";

} // namespace krun
