// SPDX-License-Identifier: MIT
// Navigating a source file's text; see source_text.hpp.
#include "hooks/source_text.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t most_answers = 3;  // of one kind: more would be no hint
constexpr std::size_t shortest_line = 8; // that identifies a place: "return;" or "}" do not
constexpr std::size_t usual_context = 3; // lines that diff gives; fewer mean an end of the file

bool is_name_character(char character)
{
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

// Text at the beginning of a line, as `diff -p` looks for it, but without the labels of goto.
bool is_outermost(const std::string &line)
{
    return !line.empty() && (std::isalpha(static_cast<unsigned char>(line.front())) != 0 || line.front() == '_') &&
           !trim(line).ends_with(':');
}

// Of those, what opens something with a name: no declaration, no call of a macro, no line of a Makefile.
bool is_heading(const std::string &line)
{
    return is_outermost(line) && !trim(line).ends_with(';') && !name_in_heading(line).empty();
}

std::string joined(const std::vector<std::string> &lines)
{
    return lines.empty() ? std::string() : fmt::format("{}\n", fmt::join(lines, "\n"));
}

// "line 480 still has" or "lines 12, 80 still have"; empty when there are none or too many of them.
std::string lines_with(const std::vector<std::string> &text, const std::string &wanted)
{
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (trim(text[at]) == wanted)
            found.push_back(at + 1);
    }
    if (found.empty() || found.size() > most_answers)
        return {};
    return fmt::format("line{} {} still {}", found.size() == 1 ? "" : "s", fmt::join(found, ", "),
                       found.size() == 1 ? "has" : "have");
}

bool tells_a_place(const std::string &line)
{
    return line.size() >= shortest_line && std::any_of(line.begin(), line.end(), is_name_character);
}

// Where else in its folder something of this name begins.
std::vector<std::string> elsewhere(ProcessRunner &runner, const std::filesystem::path &tree, const std::string &path,
                                   const std::string &name)
{
    Command grep;
    const auto folder = std::filesystem::path(path).parent_path();
    grep.argv = {"grep", "-rnwF", "--include=*.[ch]", "-e", name, "--", folder.empty() ? "." : folder.string()};
    grep.directory = tree;
    std::vector<std::string> found;
    const auto result = runner.run(grep);
    if (!result)
        return found;
    for (const auto &line : lines_of(result->output)) {
        const auto parts = split(line, ':'); // FILE:LINE:TEXT
        if (parts.size() < 3 || found.size() == most_answers)
            continue;
        const auto text = line.substr(parts[0].size() + parts[1].size() + 2);
        if (is_heading(text))
            found.push_back(fmt::format("{}:{}", parts[0], parts[1]));
    }
    return found;
}

} // namespace

std::string heading_of(const std::string &text, std::size_t line)
{
    const auto lines = lines_of(text);
    for (auto at = std::min(line, lines.size() + 1); at-- > 1;) {
        const auto &candidate = lines[at - 1];
        if (candidate.starts_with('}'))
            return {};
        if (is_outermost(candidate))
            return is_heading(candidate) ? trim(candidate) : std::string();
    }
    return {};
}

std::string name_in_heading(const std::string &heading)
{
    const auto end = heading.find('(');
    if (end == std::string::npos) {
        const auto words = words_of(heading);
        const bool is_named = words.size() > 1 && (words[0] == "struct" || words[0] == "union" || words[0] == "config");
        return is_named ? words[1] : std::string();
    }
    auto begin = end;
    while (begin > 0 && is_name_character(heading[begin - 1]))
        --begin;
    return heading.substr(begin, end - begin);
}

std::optional<std::string> without_hunk(const std::string &text, const Hunk &hunk, std::size_t line)
{
    auto lines = lines_of(text);
    auto at = line - 1;
    for (const auto &change : hunk.lines) {
        if (at > lines.size() || (change.front() != '-' && at == lines.size()))
            return std::nullopt;
        const auto position = lines.begin() + static_cast<std::ptrdiff_t>(at);
        if (change.front() == '+') {
            if (*position != change.substr(1))
                return std::nullopt;
            lines.erase(position);
            continue;
        }
        if (change.front() == '-')
            lines.insert(position, change.substr(1));
        ++at;
    }
    return joined(lines);
}

std::size_t first_difference(const std::string &before, const std::string &after)
{
    const auto differ = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    return static_cast<std::size_t>(std::count(before.begin(), differ.first, '\n')) + 1;
}

std::vector<std::string> where_to_look(ProcessRunner &runner, const std::filesystem::path &tree,
                                       const std::string &path, const std::string &text, const Hunk &hunk,
                                       const std::string &old_heading)
{
    std::vector<std::string> hints;
    const auto lines = lines_of(text);
    const auto name = name_in_heading(old_heading);
    if (!name.empty()) {
        const auto heading = std::find_if(lines.begin(), lines.end(), [&](const std::string &line) {
            return is_heading(line) && name_in_heading(line) == name;
        });
        if (heading != lines.end())
            hints.push_back(fmt::format("`{}` begins in line {}", name, heading - lines.begin() + 1));
        else if (const auto found = elsewhere(runner, tree, path, name); !found.empty())
            hints.push_back(fmt::format("`{}` is not in this file, but in {}", name, fmt::join(found, ", ")));
        else
            hints.push_back(fmt::format("`{}` was found neither in this file nor beside it", name));
    }
    for (const auto &line : hunk.lines) {
        const auto wanted = trim(line.substr(1));
        if (line.front() == '+' || line.front() == '\\' || !tells_a_place(wanted))
            continue;
        if (const auto found = lines_with(lines, wanted); !found.empty())
            hints.push_back(fmt::format("{} `{}`", found, wanted));
        else if (text.find(wanted) == std::string::npos)
            hints.push_back(fmt::format("no line has `{}`", wanted));
    }
    if (hunk.trailing_context() < usual_context && hunk.trailing_context() < hunk.leading_context())
        hints.push_back(fmt::format("the change was at the end of the file, which now has {} lines", lines.size()));
    return hints;
}

std::vector<std::string> where_the_file_is(ProcessRunner &runner, const std::filesystem::path &tree,
                                           const std::string &path)
{
    const auto name = std::filesystem::path(path).filename().string();
    std::vector<std::string> hints = {fmt::format("this kernel has no {}", path)};
    Command find;
    find.argv = {"find", ".", "-type", "f", "-name", name, "-printf", "%P\\n"};
    find.directory = tree;
    const auto result = runner.run(find);
    auto found = result ? lines_of(result->output) : std::vector<std::string>();
    std::sort(found.begin(), found.end());
    if (!found.empty() && found.size() <= most_answers)
        hints.push_back(fmt::format("files of the same name: {}", fmt::join(found, ", ")));
    return hints;
}

} // namespace krun
