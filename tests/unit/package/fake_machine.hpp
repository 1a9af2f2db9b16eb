// SPDX-License-Identifier: MIT
// A Debian machine in memory: files, dpkg, GRUB and its environment block, and a plug that can be pulled.
//
// Everything that changes the machine is one side effect after another, also inside a program: dpkg unpacks, makes an
// initrd, runs update-grub and marks the package as installed, and the power can fail in between. What the machine
// boots then is decided by a model of GRUB of its own, which shares no code with krunctl.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_filesystem.hpp"
#include "package/target.hpp"
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

    struct Package {
        std::string status;
        std::string version;
        bool operator==(const Package &) const = default;
    };
    std::map<std::string, Package> packages; // what dpkg knows
    std::string running;
    std::set<std::string> panicking; // kernels that do
    std::string disk_abstraction;    // what grub-probe says
    std::string disk_filesystem = "ext2";
    std::string dkms;                  // what `dkms status` says
    std::vector<std::string> programs; // that were run, quoted

    Target target() { return Target{{*this, *this}, {}, running, true}; }
    // A .deb of this package; of a kernel if it is named so.
    std::filesystem::path add_deb(const std::string &name, const std::string &version,
                                  const std::string &architecture = "amd64");
    // A kernel as a Debian package brings it.
    void add_kernel(const std::string &release);
    void set_grub_variable(const std::string &name, const std::string &value);
    [[nodiscard]] std::string grub_variable(const std::string &name) const;
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
    struct Failed {
    };
    void effect();
    void erase(const std::filesystem::path &path);
    [[nodiscard]] std::vector<std::string> kernels() const; // newest first
    [[nodiscard]] std::string default_setting() const;      // as the shell would read the files
    ProcessResult answer(const std::vector<std::string> &argv);
    ProcessResult dpkg(const std::vector<std::string> &argv);
    void unpack(const std::string &deb);
    void configure(const std::string &name);
    void purge(const std::string &name);

    // grub.cfg as GRUB understands it.
    struct Menu {
        std::string default_setting;
        std::vector<std::string> releases;
        bool trial_words = false;
    } menu_;
};

constexpr const char *old_kernel = "6.1.0-41-amd64";
constexpr const char *krun_kernel = "6.12.117.krun.abcdef";
constexpr const char *newer_krun = "6.12.120.krun.fedcba";

} // namespace krun
