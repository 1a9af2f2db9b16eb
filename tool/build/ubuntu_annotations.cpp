// SPDX-License-Identifier: MIT
// Ubuntu's configurations; see ubuntu_annotations.hpp.
#include "build/ubuntu_annotations.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "build/kconfig_expression.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::string_view annotated_architecture = "amd64";
constexpr std::string_view format_key = "# FORMAT: ";
constexpr std::string_view flavour_key = "# FLAVOUR: ";
constexpr std::string_view ancestor_key = "# FLAVOUR_DEP: ";
constexpr std::string_view symbol_prefix = "CONFIG_";
constexpr unsigned most_included = 16; // Ubuntu's have one or two, and a circle would have no end
constexpr const char *other_configs =
    "take the configuration that the kernel was built with: /boot/config-RELEASE of its package linux-modules-RELEASE";

using Dictionary = std::map<std::string, std::string>;

// "{'amd64': 'y', 'arm64': '"a"'}", as Python writes it. Nothing if the text does not begin with one.
std::optional<Dictionary> dictionary_in(std::string_view text)
{
    std::size_t at = 0;
    const auto passes = [&](char expected) {
        at = std::min(text.find_first_not_of(' ', at), text.size());
        return at < text.size() && text[at] == expected && (++at, true);
    };
    const auto word = [&]() -> std::optional<std::string> {
        const char quote = passes('\'') ? '\'' : '"';
        if (quote == '"' && !passes('"'))
            return std::nullopt;
        std::string value;
        for (; at < text.size() && text[at] != quote; ++at) {
            if (text[at] == '\\' && at + 1 < text.size())
                ++at;
            value += text[at];
        }
        return at < text.size() ? (++at, std::optional(value)) : std::nullopt;
    };
    Dictionary values;
    if (!passes('{'))
        return std::nullopt;
    while (!passes('}')) {
        const auto key = word();
        if (!key || !passes(':'))
            return std::nullopt;
        const auto value = word();
        if (!value)
            return std::nullopt;
        values[*key] = *value;
        if (!passes(',')) {
            if (!passes('}'))
                return std::nullopt;
            break;
        }
    }
    return values;
}

bool is_of_architecture(std::string_view key)
{
    return key == annotated_architecture || key.starts_with(fmt::format("{}-", annotated_architecture));
}

struct Header {
    std::string format;
    std::vector<std::string> flavours;
    Dictionary ancestors; // of flavours: where what they do not say themselves is looked for
};

// The comments that the file begins with.
Header header_of(const std::string &text)
{
    Header header;
    for (const auto &line : lines_of(text)) {
        if (!line.starts_with('#'))
            break;
        if (line.starts_with(format_key))
            header.format = trim(line.substr(format_key.size()));
        if (line.starts_with(flavour_key))
            header.flavours = words_of(line.substr(flavour_key.size()));
        if (line.starts_with(ancestor_key))
            header.ancestors = dictionary_in(line.substr(ancestor_key.size())).value_or(Dictionary());
    }
    return header;
}

std::string flavour_of(const Header &header)
{
    auto generic = fmt::format("{}-generic", annotated_architecture);
    if (std::ranges::find(header.flavours, generic) != header.flavours.end())
        return generic;
    const auto first = std::ranges::find_if(header.flavours, is_of_architecture);
    return first == header.flavours.end() ? std::string() : *first;
}

// Symbols, and what amd64 and its flavours have of each.
class Policies
{
  public:
    Policies(std::filesystem::path folder, const ReadIncluded &read) : folder_(std::move(folder)), read_(read) {}

    // What comes later wins.
    Result<void> add(const std::filesystem::path &file, const std::string &text)
    {
        unsigned number = 0;
        for (const auto &line : lines_of(text)) {
            ++number;
            const auto words = words_of(line);
            if (words.empty() || words.front().starts_with('#'))
                continue;
            const auto added = TRY(words.size() < 2             ? Result<bool>(false)
                                   : words.front() == "include" ? include(words[1])
                                                                : add_line(words.front(), line));
            if (!added)
                return usage_error(fmt::format("line {} of the annotations {} is no annotation: {}", number,
                                               shell_quoted(file.string()), trim(line)),
                                   other_configs);
        }
        return {};
    }

    [[nodiscard]] std::string text_for(const std::string &flavour, const std::string &ancestor) const
    {
        std::string text;
        for (const auto &[symbol, values] : values_) {
            for (const auto &key : {flavour, ancestor, std::string(annotated_architecture)}) {
                const auto found = values.find(key);
                if (found == values.end())
                    continue;
                if (found->second != "-") // it is not in the configuration at all
                    text += config_line(symbol, found->second) + "\n";
                break;
            }
        }
        return text;
    }

  private:
    // False for what is no annotation.
    Result<bool> add_line(const std::string &name, const std::string &line)
    {
        constexpr std::string_view beginning = "policy<";
        if (!name.starts_with(symbol_prefix))
            return false;
        const auto policy = line.find(beginning);
        if (policy == std::string::npos)
            return line.find("note<") != std::string::npos;
        const auto said = dictionary_in(std::string_view(line).substr(policy + beginning.size()));
        if (!said)
            return false;
        auto &values = values_[name.substr(symbol_prefix.size())];
        // What is said of an architecture is said of all its flavours.
        if (said->count(std::string(annotated_architecture)) > 0)
            std::erase_if(values, [](const auto &value) { return is_of_architecture(value.first); });
        for (const auto &[key, value] : *said) {
            if (is_of_architecture(key))
                values[key] = value;
        }
        return true;
    }

    // Whichever file includes it, it is looked for beside the first one.
    Result<bool> include(std::string name)
    {
        std::erase(name, '"');
        if (name.empty() || ++included_ > most_included)
            return false;
        const auto path = (folder_ / name).lexically_normal();
        const auto text = TRY(read_(path));
        TRY(add(path, text));
        return true;
    }

    std::filesystem::path folder_;
    const ReadIncluded &read_;
    unsigned included_ = 0;
    std::map<std::string, Dictionary> values_;
};

} // namespace

bool are_annotations(std::string_view text)
{
    if (text.starts_with('{'))
        return text.find("\"flavour_dep\"") != std::string_view::npos;
    const auto lines = lines_of(text);
    return std::any_of(lines.begin(), lines.end(), [](const std::string &line) {
        const auto words = words_of(line);
        return line.starts_with(flavour_key) ||
               (words.size() > 1 && words[0].starts_with(symbol_prefix) && words[0].find('=') == std::string::npos &&
                words[1].starts_with("policy<"));
    });
}

Result<AnnotatedConfig> config_of_annotations(const std::filesystem::path &file, const std::string &text,
                                              const ReadIncluded &read)
{
    const auto name = shell_quoted(file.string());
    const auto header = header_of(text);
    // Before, they were only rules that the configuration, in other files, had to obey.
    if (header.format != "4")
        return usage_error(
            fmt::format("the annotations {} are not of format 4, which alone is a whole configuration", name),
            other_configs);
    const auto flavour = flavour_of(header);
    if (flavour.empty())
        return usage_error(fmt::format("the annotations {} are of no kernel for {}", name, annotated_architecture),
                           other_configs);
    Policies policies(file.parent_path(), read);
    TRY(policies.add(file, text));
    const auto ancestor = header.ancestors.find(flavour);
    AnnotatedConfig config = {
        flavour, policies.text_for(flavour, ancestor == header.ancestors.end() ? flavour : ancestor->second)};
    if (config.text.empty())
        return usage_error(fmt::format("the annotations {} say nothing of {}", name, flavour), other_configs);
    return config;
}

} // namespace krun
