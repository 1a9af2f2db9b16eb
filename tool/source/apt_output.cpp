// SPDX-License-Identifier: MIT
#include "source/apt_output.hpp"

#include "util/text.hpp"

namespace krun
{

std::string first_apt_complaint(const std::string &errors)
{
    for (const auto &line : lines_of(errors)) {
        if (line.starts_with("E: ") || line.starts_with("W: "))
            return trim(line.substr(3));
    }
    return trim(errors);
}

std::string in_file_name(std::string version)
{
    for (auto colon = version.find(':'); colon != std::string::npos; colon = version.find(':'))
        version.replace(colon, 1, "%3a");
    return version;
}

std::string value_of_field(const std::string &text, const std::string &field)
{
    for (const auto &line : lines_of(text)) {
        if (line.starts_with(field + ": "))
            return trim(line.substr(field.size() + 2));
    }
    return {};
}

std::vector<std::pair<std::string, std::string>> files_of_source(const std::string &shown, const std::string &version)
{
    std::vector<std::pair<std::string, std::string>> found;
    std::vector<std::pair<std::string, std::string>> of_record;
    bool is_wanted = false;
    bool is_in_list = false;
    auto lines = lines_of(shown);
    lines.emplace_back(); // ends the last record
    for (const auto &line : lines) {
        if (line.empty()) {
            if (is_wanted)
                found = of_record;
            of_record.clear();
            is_wanted = false;
        }
        if (!line.starts_with(' '))
            is_in_list = line.starts_with("Checksums-Sha256:");
        if (line.starts_with("Version: "))
            is_wanted = trim(line.substr(std::string("Version: ").size())) == version;
        if (const auto words = words_of(line); is_in_list && words.size() == 3) // digest, size, name
            of_record.emplace_back(words[2], words[0]);
    }
    return found;
}

} // namespace krun
