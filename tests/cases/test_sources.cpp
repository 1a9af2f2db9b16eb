// SPDX-License-Identifier: MIT
// See test_sources.hpp.
#include "cases/test_sources.hpp"

#include <fmt/format.h>

#include "source/kernel_tree.hpp"
#include "util/text.hpp"

namespace krun
{

Result<TestSources> read_sources(Filesystem &files, const std::vector<std::string> &options)
{
    TestSources sources;
    for (const auto &option : options) {
        const auto equals = option.find('=');
        const auto series = option.substr(0, equals);
        if (equals == std::string::npos || equals + 1 == option.size())
            return usage_error(fmt::format("--source {} is not SERIES=TREE", option), "for example --source 4.9=linux");
        const auto tree = std::filesystem::absolute(option.substr(equals + 1)).lexically_normal();
        if (!files.is_directory(tree))
            return usage_error(fmt::format("{} is not a folder", tree.string()),
                               "name the folder of an unpacked kernel source");
        const auto version = TRY(kernel_version_of(files, tree, tree.string()));
        if (version.series() != series)
            return usage_error(fmt::format("{} is Linux {}, not {}", tree.string(), version.text(), series),
                               fmt::format("--source {}={}", version.series(), tree.string()));
        if (!sources.emplace(series, tree).second)
            return usage_error(fmt::format("--source names {} twice", series), "test one after the other");
    }
    return sources;
}

std::string as_text(const TestSources &sources)
{
    std::string text;
    for (const auto &[series, tree] : sources)
        text += fmt::format("{}={}\n", series, tree.string());
    return text;
}

TestSources sources_in(const std::string &text)
{
    TestSources sources;
    for (const auto &line : lines_of(text)) {
        if (const auto equals = line.find('='); equals != std::string::npos)
            sources.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return sources;
}

} // namespace krun
