// SPDX-License-Identifier: MIT
// The only way by which installing, promoting and removing change the machine: really, or as a list of what would be
// done (--dry-run).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "install/install_state.hpp"
#include "install/target.hpp"

namespace krun
{

class Changes
{
  public:
    virtual ~Changes() = default;
    [[nodiscard]] virtual bool only_shown() const = 0;
    // Status 0 or an Error.
    virtual Result<void> run(const Command &command) = 0;
    virtual Result<void> write(const std::filesystem::path &path, const std::string &text, unsigned mode) = 0;
    virtual Result<void> remove(const std::filesystem::path &path) = 0;
    virtual Result<void> copy(const std::filesystem::path &from, const std::filesystem::path &to) = 0;
    virtual Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) = 0;
    // An empty state is no file.
    virtual Result<void> save(const InstallState &state) = 0;
};

class RealChanges : public Changes
{
  public:
    RealChanges(Target &target, std::filesystem::path log) : target_(target), log_(std::move(log)) {}
    [[nodiscard]] bool only_shown() const override { return false; }
    Result<void> run(const Command &command) override;
    Result<void> write(const std::filesystem::path &path, const std::string &text, unsigned mode) override;
    Result<void> remove(const std::filesystem::path &path) override;
    Result<void> copy(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> save(const InstallState &state) override;

  private:
    Target &target_;
    std::filesystem::path log_;
};

class ShownChanges : public Changes
{
  public:
    explicit ShownChanges(Target &target) : target_(target) {}
    [[nodiscard]] bool only_shown() const override { return true; }
    Result<void> run(const Command &command) override;
    Result<void> write(const std::filesystem::path &path, const std::string &text, unsigned mode) override;
    Result<void> remove(const std::filesystem::path &path) override;
    Result<void> copy(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> save(const InstallState &state) override;
    [[nodiscard]] const std::vector<std::string> &lines() const { return lines_; }

  private:
    Target &target_;
    std::vector<std::string> lines_;
};

} // namespace krun
