// SPDX-License-Identifier: MIT
// Reading kernel/lines/<line>/line.toml; see kernel_line.hpp.
#include "source/kernel_line.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

Result<KernelLine> parse(Filesystem &files, const std::filesystem::path &folder)
{
    const auto path = folder / "line.toml";
    const auto text = TRY(files.read(path));
    KernelLine line;
    line.name = folder.filename().string();
    line.hooks = folder / "hooks";
    line.config = folder / "config";
    try {
        const auto table = toml::parse(text, path.string());
        line.package = table["package"].value_or(std::string());
        line.config_package = table["config_package"].value_or(std::string());
        line.stock_image = table["stock_image"].value_or(std::string());
        line.tested = table["tested"].value_or(std::string());
        if (const auto *suites = table["suites"].as_array()) {
            for (const auto &suite : *suites)
                line.suites.push_back(suite.value_or(std::string()));
        }
    } catch (const toml::parse_error &error) {
        return failure(fmt::format("{}:{}: {}", path.string(), error.source().begin.line, error.description()));
    }
    if (line.package.empty() != line.suites.empty())
        return failure(
            fmt::format("{} lacks the key `{}`", path.string(), line.package.empty() ? "package" : "suites"));
    return line;
}

} // namespace

Result<std::vector<KernelLine>> load_kernel_lines(Filesystem &files, const std::filesystem::path &data)
{
    const auto folder = data / "kernel/lines";
    const auto names = files.list(folder);
    if (!names)
        return failure(fmt::format("no kernel lines in {}", folder.string()),
                       "run krunctl from its clone, or name the clone with KRUN_DATA");
    std::vector<KernelLine> lines;
    for (const auto &name : *names) {
        if (!files.exists(folder / name / "line.toml"))
            continue;
        lines.push_back(TRY(parse(files, folder / name)));
    }
    // "6.12" comes after "6.6": by numbers, not by characters.
    std::ranges::sort(lines, {}, [](const KernelLine &line) { return numbers_of(line.name); });
    return lines;
}

Result<void> expect_package(const KernelLine &line)
{
    if (line.has_package())
        return {};
    return usage_error(fmt::format("no Debian suite has the source of Linux {}", line.name),
                       fmt::format("name one: krunctl build --line {} --source TREE", line.name));
}

Result<KernelLine> find_kernel_line(Filesystem &files, const std::filesystem::path &data, const std::string &name)
{
    auto lines = TRY(load_kernel_lines(files, data));
    std::vector<std::string> known;
    for (auto &line : lines) {
        if (line.name == name)
            return std::move(line);
        known.push_back(line.name);
    }
    return usage_error(
        fmt::format("there is no kernel line {}", name),
        did_you_mean(name, known, fmt::format("the lines that we have patched: {}", fmt::join(known, ", "))));
}

} // namespace krun
