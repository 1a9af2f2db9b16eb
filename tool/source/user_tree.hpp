// SPDX-License-Identifier: MIT
// The user's own kernel tree, in a folder: what it is, and a copy of it. It is never written to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "source/source_origin.hpp"
#include "util/env.hpp"

namespace krun
{

// An Error when it is no kernel, has hooks in it already or was built in place; of git, also when its files are not
// those of the commit that is checked out.
Result<void> check_user_tree(const Env &env, const SourceOrigin &origin);

// The commit, or a digest of all that is in the folder.
Result<std::string> identity_of_user_tree(ProcessRunner &runner, const SourceOrigin &origin);

// Copies exactly the commit, or the folder without version control's files, to work/tree.
std::vector<Command> copy_commands(const SourceOrigin &origin, const std::string &identity,
                                   const std::filesystem::path &work);
Result<void> copy_user_tree(ProcessRunner &runner, const SourceOrigin &origin, const std::string &identity,
                            const std::filesystem::path &work);

} // namespace krun
