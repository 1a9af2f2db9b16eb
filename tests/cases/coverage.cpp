// SPDX-License-Identifier: MIT
// Which lines of the overlay were executed; see coverage.hpp.
//
// Theory: the kernel counts in memory and shows each file's counts under /sys/kernel/debug/gcov, in the format that
// gcov reads beside what the compiler wrote (.gcno) when it built the kernel.
#include "cases/coverage.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr const char *overlay = "krun";

double percent(std::size_t part, std::size_t whole)
{
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// "12-14 20"
std::string ranges_of_missing(const std::map<unsigned, bool> &lines)
{
    std::string ranges;
    for (auto at = lines.begin(); at != lines.end();) {
        const auto end = std::find_if(at, lines.end(), [](const auto &line) { return line.second; });
        if (at != end) {
            const unsigned first = at->first;
            const unsigned last = std::prev(end)->first;
            ranges += ranges.empty() ? "" : " ";
            ranges += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
        }
        at = std::find_if(end, lines.end(), [](const auto &line) { return !line.second; });
    }
    return ranges;
}

// "plan.c", "patched/process.c"; empty for a file that is not the overlay's.
std::string name_in_overlay(const std::filesystem::path &file)
{
    const auto folder = file.parent_path();
    if (folder.filename() == overlay)
        return file.filename();
    return folder.parent_path().filename() == overlay ? folder.filename() / file.filename() : std::filesystem::path();
}

void add_lines(const nlohmann::json &lines, FileCoverage &file)
{
    for (const auto &line : lines) {
        bool &executed = file.lines[line.at("line_number").get<unsigned>()];
        executed = executed || line.at("count").get<double>() > 0;
    }
}

} // namespace

std::size_t FileCoverage::executed() const
{
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [](const auto &line) { return line.second; }));
}

CountedOutput split_counted_output(const std::string &output)
{
    CountedOutput counted;
    std::string *data = nullptr;
    for (const std::string &line : lines_of(output)) {
        const auto words = words_of(line);
        if (words.size() == 2 && words[0] == "gcda")
            data = &counted.data[words[1]];
        else if (data != nullptr && line == "end")
            data = nullptr;
        else
            (data != nullptr ? *data : counted.output) += line + "\n";
    }
    return counted;
}

Result<std::vector<FileCoverage>> read_gcov(const std::string &json_lines)
{
    std::map<std::string, FileCoverage> files;
    try {
        for (const std::string &text : lines_of(json_lines)) {
            if (text.empty())
                continue;
            const auto report = nlohmann::json::parse(text);
            for (const auto &entry : report.at("files")) {
                const auto name = name_in_overlay(entry.at("file").get<std::string>());
                if (name.empty())
                    continue;
                FileCoverage &file = files[name];
                file.file = name;
                add_lines(entry.at("lines"), file);
            }
        }
    } catch (const nlohmann::json::exception &error) {
        return failure(fmt::format("gcov's report cannot be read: {}", error.what()));
    }
    std::vector<FileCoverage> list;
    list.reserve(files.size());
    for (auto &[name, file] : files)
        list.push_back(std::move(file));
    return list;
}

double percent_executed(const std::vector<FileCoverage> &files)
{
    std::size_t executed = 0;
    std::size_t all = 0;
    for (const FileCoverage &file : files) {
        executed += file.executed();
        all += file.lines.size();
    }
    return percent(executed, all);
}

std::string coverage_table(const std::vector<FileCoverage> &files)
{
    std::string table = fmt::format("{:<24}{:>6}{:>10}  never executed\n", "file", "lines", "executed");
    for (const FileCoverage &file : files)
        table += trim(fmt::format("{:<24}{:>6}{:>8.1f} %  {}", file.file, file.lines.size(),
                                  percent(file.executed(), file.lines.size()), ranges_of_missing(file.lines))) +
                 "\n";
    return table + fmt::format("{:.1f} % of the overlay's lines executed\n", percent_executed(files));
}

Result<std::vector<FileCoverage>> coverage_of(const Env &env, const BuiltKernel &kernel, const CountedOutput &counted)
{
    const auto folder = kernel.objects / overlay;
    Command gcov;
    gcov.argv = {"gcov", "--json-format", "--stdout"};
    gcov.directory = folder;
    for (const auto &[name, text] : counted.data) {
        Command decode;
        decode.argv = {"base64", "--decode"};
        decode.input = text;
        const auto bytes = TRY(env.runner.run_ok(decode));
        TRY(env.files.write(folder / name, bytes.output));
        gcov.argv.push_back(name);
    }
    if (counted.data.empty())
        return failure("the guest's kernel has not counted anything: is CONFIG_GCOV_KERNEL set?");
    const auto report = TRY(env.runner.run_ok(gcov));
    return read_gcov(report.output);
}

} // namespace krun
