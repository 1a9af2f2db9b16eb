// SPDX-License-Identifier: MIT
// Debian's package of a kernel line's source, "linux-source-6.12": the newest version that the line's suites have.
#pragma once

#include "source/apt_archive.hpp"
#include "source/source.hpp"

namespace krun
{

class DebianSource : public Source
{
  public:
    DebianSource(const Env &env, KernelLine line);

    [[nodiscard]] std::vector<NeededProgram> programs() const override;
    // Nothing is downloaded but the archive's index. In a dry run, the version is the word NEWEST when there has been
    // none yet.
    Result<void> identify() override;
    [[nodiscard]] nlohmann::ordered_json metadata() const override;
    [[nodiscard]] HookedSource for_hooks() const override { return {facts_.text, {}}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override
    {
        return tree.starts_with(line_.package + "_");
    }

  private:
    Result<void> fetch_tree(const std::filesystem::path &work) override;
    Result<void> unpack_package(const std::filesystem::path &folder);
    Result<std::filesystem::path> find_tarball(const std::filesystem::path &folder) const;

    KernelLine line_;
    AptArchive archive_;
    std::string checksum_; // SHA-256 of the package, as the archive's index has it
};

} // namespace krun
