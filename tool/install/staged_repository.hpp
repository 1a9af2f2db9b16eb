// SPDX-License-Identifier: MIT
// A repository that is changed as a whole or not at all.
//
// Theory: reprepro writes its database, its pool and its index one after the other, and leaves what it has done when it
// then stumbles. So it works on a copy, whose packages are links to the same files, in a folder of the repository's
// own; the copy takes the original's place when everything is in it, part by part: a machine that fetches meanwhile
// finds every file that its index names. Before the first part, a list of them is on the disk; where there is one, the
// next publish completes what was cut short before it begins with its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "util/env.hpp"

namespace krun
{

// Copies the repository in `folder`, or begins one there, has `change` work on the copy, and puts that in place: what
// machines fetch can be read by everybody then, whatever our umask is. Without success, all is as it was; when only the
// end has failed half-way, the next change goes on with it. One at a time works on a repository.
Result<void> change_repository(const Env &env, const std::filesystem::path &folder,
                               const std::function<Result<void>(const std::filesystem::path &copy)> &change);

// Files of ours beside the repository, which are no part of it.
inline bool is_beside_repository(const std::string &name) { return name.starts_with(".krun-publish"); }

} // namespace krun
