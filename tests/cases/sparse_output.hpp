// SPDX-License-Identifier: MIT
// What sparse said of our files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace krun
{

struct SparseReport {
    unsigned checked = 0;              // our files that it looked at
    std::vector<std::string> findings; // warnings and errors in them
    bool too_old = false;              // the kernel does without it
};

// From what the kernel's make prints with C=2. Ours are the files in krun/ of the tree: what sparse has to say about a
// line's own headers is not ours to mend.
SparseReport read_sparse_output(const std::string &output, const std::filesystem::path &tree);

} // namespace krun
