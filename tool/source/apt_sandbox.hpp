// SPDX-License-Identifier: MIT
// apt's own sandbox, for a cache that its user cannot enter.
//
// Theory: when root downloads, apt gives its methods, the programs that talk to a mirror, to a user without rights
// (_apt). That user cannot reach a cache below a home of mode 0700. So apt works in a temporary folder that he can
// reach, and what is there afterwards is copied, and compared with the index, by us: until then he might still change
// it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "util/env.hpp"
#include "util/scratch_folder.hpp"

namespace krun
{

class AptSandbox
{
  public:
    // None where apt runs with our own rights: we are not root, or root of nobody else's files, the machine's
    // configuration says so, the mirror is a folder, which only we may be able to read, or there is no room for it.
    // What killed krunctls have left is removed.
    static Result<std::optional<AptSandbox>> make(const Env &env, const std::string &sources);

    // Where apt-get keeps its lists and its partial downloads.
    [[nodiscard]] std::filesystem::path lists() const { return folder_.path() / "lists"; }
    [[nodiscard]] std::filesystem::path archives() const { return folder_.path() / "archives"; }
    // The user's own: apt-get's working directory for a download.
    [[nodiscard]] std::filesystem::path downloads() const { return folder_.path() / "downloads"; }

  private:
    explicit AptSandbox(ScratchFolder folder) : folder_(std::move(folder)) {}

    ScratchFolder folder_;
};

// Copies what another user may still be changing: a regular file, never through a link, without its mode.
Result<void> copy_foreign_file(const std::filesystem::path &from, const std::filesystem::path &to);

} // namespace krun
