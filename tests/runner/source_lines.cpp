// SPDX-License-Identifier: MIT
// See source_lines.hpp.
#include "runner/source_lines.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr std::string_view cached = "KRUN_TEST_SERIES:STRING=";

} // namespace

std::vector<std::string> extra_series(const TestSources &sources, const std::vector<KernelLine> &lines)
{
    std::vector<std::string> extra;
    for (const auto &[series, tree] : sources) {
        if (std::none_of(lines.begin(), lines.end(),
                         [&name = series](const KernelLine &line) { return line.name == name && line.has_package(); }))
            extra.push_back(series);
    }
    return extra;
}

std::vector<std::string> lines_without_source(const TestSources &sources, const std::vector<KernelLine> &lines)
{
    std::vector<std::string> names;
    for (const auto &line : lines) {
        if (!line.has_package() && !sources.contains(line.name))
            names.push_back(line.name);
    }
    return names;
}

std::string why_without_source(const std::string &line)
{
    return fmt::format("no Debian suite has the source of Linux {0}: name one with --source {0}=TREE", line);
}

PlannedCase line_as_case(const std::string &line)
{
    PlannedCase one;
    one.name = "line " + line;
    return one;
}

Result<void> make_cases_of(const Env &env, const std::filesystem::path &build, const std::vector<std::string> &series)
{
    const auto wanted = fmt::format("{}", fmt::join(series, ";"));
    std::string now;
    for (const auto &line : lines_of(env.files.read(build / "CMakeCache.txt").value_or(std::string()))) {
        if (line.starts_with(cached))
            now = line.substr(cached.size());
    }
    if (now == wanted)
        return {};
    Command command;
    command.argv = {"cmake", "-DKRUN_TEST_SERIES=" + wanted, build.string()};
    TRY(env.runner.run_ok(command));
    return {};
}

} // namespace krun
