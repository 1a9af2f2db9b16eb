// SPDX-License-Identifier: MIT
// A machine of its own for one test: a Debian archive with a tiny kernel, an apt configuration that knows only this
// archive, a data folder and a cache. krunctl itself is the real one, and so are apt, patch, tar and make.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "util/process.hpp"

namespace krun
{

class Sandbox
{
  public:
    Sandbox();
    Sandbox(const Sandbox &) = delete;
    Sandbox &operator=(const Sandbox &) = delete;
    ~Sandbox();

    ProcessResult krunctl(std::vector<std::string> arguments);
    ProcessResult run(std::vector<std::string> argv);

    [[nodiscard]] const std::filesystem::path &root() const { return root_; }
    [[nodiscard]] std::filesystem::path data() const { return root_ / "data"; }
    [[nodiscard]] std::filesystem::path cache() const { return root_ / "cache/krun"; }
    [[nodiscard]] std::filesystem::path kernel() const { return cache() / "kernels/6.12-vm"; }
    // The only hook, which is required, in its only variant.
    [[nodiscard]] std::filesystem::path hook() const { return data() / "kernel/hooks/build/6.12.patch"; }
    [[nodiscard]] std::filesystem::path hook_list() const { return data() / "kernel/hooks/hooks.toml"; }
    [[nodiscard]] std::filesystem::path log() const { return cache() / "logs/build-6.12-vm.log"; }

    // Puts a new version of the source package into the archive; without `is_kernel`, one that holds no kernel.
    void publish(const std::string &version, bool is_kernel = true);
    // From now on apt's sources are on a server that cannot be reached.
    void cut_network();

    std::map<std::string, std::string> environment;

  private:
    void make_data();
    void write_release();
    std::filesystem::path root_;
    SystemProcessRunner runner_;
};

std::string read_text(const std::filesystem::path &path);
void write_text(const std::filesystem::path &path, const std::string &text);

} // namespace krun
