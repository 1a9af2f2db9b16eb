// SPDX-License-Identifier: MIT
// Finds kernel problems in console text; see console_problems.hpp.
//
// The kernel has no machine-readable sign for "I am broken", only words that have been stable for years. Some
// of them also begin harmless lines of other programs or of the kernel's own boot ("RETBleed: WARNING: ...",
// "traps: prog[12] general protection fault" for a program's fault), so the table says where each must stand.
#include "machine/console_problems.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "util/text.hpp"

namespace krun
{
namespace
{

enum class Where { start, anywhere };

struct Sign {
    Where where; // start: of the message, behind the time stamp
    std::string_view text;
    std::string_view and_also = {}; // must follow in the same line
};

constexpr std::array<Sign, 24> signs{{
    {Where::anywhere, "Kernel panic"},
    {Where::anywhere, "BUG:"},
    {Where::anywhere, "kernel BUG at"},
    {Where::start, "WARNING:"},
    {Where::anywhere, "Oops"},
    {Where::start, "general protection fault"},
    {Where::start, "invalid opcode:"},
    {Where::start, "divide error:"},
    {Where::start, "int3:"},
    {Where::start, "stack segment:"},
    {Where::start, "double fault:"},
    {Where::start, "PANIC:"},
    {Where::start, "Call Trace:"},
    {Where::start, "unchecked MSR access"},
    {Where::anywhere, "rcu:", "detected stall"},
    {Where::anywhere, "rcu:", "detected expedited stall"},
    {Where::anywhere, "rcu:", "kthread starved"},
    {Where::anywhere, "soft lockup"},
    {Where::anywhere, "hard LOCKUP"},
    {Where::anywhere, "INFO: task", "blocked for more than"},
    {Where::start, "UBSAN:"},
    {Where::start, "Uhhuh. NMI received"},
    {Where::anywhere, "Initramfs unpacking failed"},
    {Where::anywhere, "scheduling while atomic"},
}};

// "[    1.234567] ", or with CONFIG_PRINTK_CALLER "[    1.234567][    T1] ".
std::string_view message_of(std::string_view line)
{
    while (!line.empty() && line.front() == '[') {
        const auto end = line.find(']');
        if (end == std::string_view::npos)
            break;
        line.remove_prefix(end + 1);
    }
    const auto text = std::find_if_not(line.begin(), line.end(), [](unsigned char c) { return std::isspace(c) != 0; });
    line.remove_prefix(static_cast<std::size_t>(text - line.begin()));
    return line;
}

bool shows(const Sign &sign, std::string_view message)
{
    const auto at = message.find(sign.text);
    if (at == std::string_view::npos || (sign.where == Where::start && at != 0))
        return false;
    return message.find(sign.and_also, at + sign.text.size()) != std::string_view::npos;
}

} // namespace

std::vector<std::string> console_problems(std::string_view console)
{
    std::vector<std::string> problems;
    for (const std::string &line : lines_of(console)) {
        const auto message = message_of(line);
        if (std::any_of(signs.begin(), signs.end(), [&](const Sign &sign) { return shows(sign, message); }))
            problems.push_back(trim(line));
    }
    return problems;
}

std::string panic_line(std::string_view console)
{
    for (const std::string &line : lines_of(console)) {
        if (line.find("Kernel panic") != std::string::npos)
            return trim(message_of(line));
    }
    return {};
}

} // namespace krun
