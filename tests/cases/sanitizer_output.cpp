// SPDX-License-Identifier: MIT
#include "cases/sanitizer_output.hpp"

#include <algorithm>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr const char *findings[] = {
    // GCC's
    "ERROR: AddressSanitizer: ",
    "ERROR: LeakSanitizer: ",
    "WARNING: ThreadSanitizer: ",
    ": runtime error: ",
    // valgrind's
    " Invalid read ",
    " Invalid write ",
    " Invalid free() ",
    " depends on uninitialised value",
    " Use of uninitialised value ",
    " points to uninitialised byte",
    " contains uninitialised byte",
    " are definitely lost in loss record ",
};

// "==123==" at the beginning.
std::string without_process(const std::string &line)
{
    if (!line.starts_with("=="))
        return line;
    const auto end = line.find("==", 2);
    return end == std::string::npos ? line : line.substr(end + 2);
}

} // namespace

std::string sanitizer_finding(const std::string &line)
{
    const bool is_one = std::any_of(std::begin(findings), std::end(findings),
                                    [&](const char *text) { return line.find(text) != std::string::npos; });
    return is_one ? trim(without_process(line)) : "";
}

bool lacks_address_space(const std::string &line)
{
    return line.find("FATAL: ThreadSanitizer: unexpected memory mapping") != std::string::npos;
}

} // namespace krun
