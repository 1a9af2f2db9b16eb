// SPDX-License-Identifier: MIT
// The user's own kernel tree, in a folder or in git: a copy of it is built. It is never written to.
#pragma once

#include "source/source.hpp"

namespace krun
{

class FolderSource : public Source
{
  public:
    FolderSource(const Env &env, SourceOrigin origin);

    [[nodiscard]] std::vector<NeededProgram> programs() const override;
    // An Error when it is no kernel, has hooks in it already or was built in place; of git, also when its files are
    // not those of the commit that is checked out.
    Result<void> identify() override;
    [[nodiscard]] nlohmann::ordered_json metadata() const override;
    [[nodiscard]] HookedSource for_hooks() const override { return {origin_.text, origin_.path}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override { return is_users_tree(tree); }

  private:
    // Exactly the commit, or the folder without version control's files.
    Result<void> fetch_tree(const std::filesystem::path &work) override;
    Result<std::string> ask_git(const std::vector<std::string> &arguments);
    Result<void> expect_committed();
    Result<void> expect_clean();

    SourceOrigin origin_;
};

} // namespace krun
