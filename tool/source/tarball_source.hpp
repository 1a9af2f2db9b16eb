// SPDX-License-Identifier: MIT
// A tarball of the user's choice, from a file or a URL. It is verified by its signature before it is unpacked.
#pragma once

#include "source/source.hpp"

namespace krun
{

class TarballSource : public Source
{
  public:
    TarballSource(const Env &env, SourceOrigin origin);

    [[nodiscard]] std::vector<NeededProgram> programs() const override;
    // In a dry run, the version is guessed from the tarball's name.
    Result<void> identify() override;
    [[nodiscard]] nlohmann::ordered_json metadata() const override;
    [[nodiscard]] HookedSource for_hooks() const override { return {origin_.text, {}}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override { return is_users_tree(tree); }

  private:
    Result<void> fetch_tree(const std::filesystem::path &work) override;
    Result<void> download_it();
    Result<void> digest_it();
    Result<void> expect_good_signature(const std::filesystem::path &tar, const std::filesystem::path &work);
    Result<std::filesystem::path> find_signature();
    void take_version(const KernelVersion &version);
    std::optional<KernelVersion> version_of_earlier_tree();
    [[nodiscard]] std::filesystem::path stamp() const;
    [[nodiscard]] bool is_there() { return env_.files.exists(origin_.path); }

    SourceOrigin origin_;
    bool verified_ = false; // by its signature
};

} // namespace krun
