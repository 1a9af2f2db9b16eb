// SPDX-License-Identifier: MIT
// A simulated machine's files below a real folder. Files in that folder make its programs fail: see effect().
#pragma once

#include "simulation/disk.hpp"

namespace krun::simulation
{

class RootedDisk : public Disk
{
  public:
    explicit RootedDisk(std::filesystem::path root) : root_(std::move(root)) {}

    // When a package's files are there, but it is not yet unpacked as dpkg sees it: /full-disk is a disk without room,
    // and where $KRUN_TEST_MARKER names a file, that gets our process id, and we wait for $KRUN_TEST_SLEEP seconds.
    // /broken-purge keeps packages from being purged.
    void effect(const std::string &what) override;
    std::optional<std::string> read(const std::filesystem::path &path) override;
    void write(const std::filesystem::path &path, const std::string &text) override;
    void erase(const std::filesystem::path &path) override;
    std::vector<std::string> list(const std::filesystem::path &folder) override;
    bool is_executable(const std::filesystem::path &path) override;
    std::optional<Archive> open_deb(const std::filesystem::path &path) override; // a real one, by dpkg-deb
    std::string filesystem() override { return "ext2"; }
    std::string abstraction() override; // as /abstraction says

  private:
    [[nodiscard]] std::filesystem::path at(const std::filesystem::path &path) const
    {
        return root_ / path.relative_path();
    }
    std::filesystem::path root_;
};

} // namespace krun::simulation
