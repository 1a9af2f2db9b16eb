// SPDX-License-Identifier: MIT
// What the simulated programs work on: the files of a machine, in memory or below a folder, and the moments at which
// something can go wrong. Paths are the machine's own, from its root.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace krun::simulation
{

// What is in a .deb.
struct Archive {
    std::string control;
    std::vector<std::pair<std::filesystem::path, std::string>> files;
};

// Thrown by effect(): the program that runs breaks off.
struct BrokenOff {
    std::string message = "No space left on device";
};

class Disk
{
  public:
    virtual ~Disk() = default;

    // Before each change that a program makes, with a name for it.
    virtual void effect(const std::string &what) = 0;
    virtual std::optional<std::string> read(const std::filesystem::path &path) = 0;
    // Makes the folders above it.
    virtual void write(const std::filesystem::path &path, const std::string &text) = 0;
    // With all below, if it is there.
    virtual void erase(const std::filesystem::path &path) = 0;
    // Sorted; empty if there is no such folder.
    virtual std::vector<std::string> list(const std::filesystem::path &folder) = 0;
    virtual bool is_executable(const std::filesystem::path &path) = 0;
    // Nothing: it is no package.
    virtual std::optional<Archive> open_deb(const std::filesystem::path &path) = 0;
    // As grub-probe has it, of /boot/grub.
    virtual std::string filesystem() = 0;
    virtual std::string abstraction() = 0;
};

} // namespace krun::simulation
