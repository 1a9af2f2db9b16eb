// SPDX-License-Identifier: MIT
#include "cases/sparse_output.hpp"

#include "util/text.hpp"

namespace krun
{

namespace
{

// A file is named from the root, from the tree, or from a build folder below it.
bool is_ours(std::string file, const std::filesystem::path &tree)
{
    if (file.starts_with(tree.string() + "/"))
        file.erase(0, tree.string().size() + 1);
    while (file.starts_with("./") || file.starts_with("../"))
        file.erase(0, file.find('/') + 1);
    return file.starts_with("krun/");
}

bool contains(const std::string &line, const char *text) { return line.find(text) != std::string::npos; }

} // namespace

SparseReport read_sparse_output(const std::string &output, const std::filesystem::path &tree)
{
    SparseReport report;
    for (const std::string &line : lines_of(output)) {
        const auto words = words_of(line);
        if (words.size() == 2 && words[0] == "CHECK" && is_ours(words[1], tree))
            report.checked++;
        else if ((contains(line, ": warning:") || contains(line, ": error:")) &&
                 is_ours(line.substr(0, line.find(':')), tree))
            report.findings.push_back(trim(line));
        else if (contains(line, "but sparse is not available or not up to date"))
            report.too_old = true;
    }
    return report;
}

} // namespace krun
