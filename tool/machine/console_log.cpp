// SPDX-License-Identifier: MIT

#include "machine/console_log.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "self/krunctl.hpp"
#include "util/descriptor.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t logs_kept = 50;
constexpr std::string_view log_prefix = "console-";
constexpr std::string_view log_suffix = ".log";
constexpr const char *run_name = "machine";

fs::path all_runs() { return cache_directory() / "run"; }

// Finds kernel problems in console text.
//
// The kernel has no machine-readable sign for "I am broken", only words that have been stable for years. Some
// of them also begin harmless lines of other programs or of the kernel's own boot ("RETBleed: WARNING: ...",
// "traps: prog[12] general protection fault" for a program's fault), so the table says where each must stand. And each
// stands there as words of its own: "DEBUG:" is no bug, and who writes of "Oopses" has none.

enum class Where { start, anywhere };

struct Sign {
    Where where; // start: of the message, behind the time stamp
    std::string_view text;
    std::string_view and_also = {}; // must follow in the same line, and may go on: "stall" and "stalls"
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

bool is_of_a_word(char character)
{
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

// Where `words` begin in the text and are no part of longer ones; npos when nowhere at or behind `from`.
std::size_t find_words(std::string_view text, std::string_view words, std::size_t from = 0)
{
    for (auto at = text.find(words, from); at != std::string_view::npos; at = text.find(words, at + 1)) {
        const auto end = at + words.size();
        const bool begins = at == 0 || !is_of_a_word(words.front()) || !is_of_a_word(text[at - 1]);
        const bool ends = end == text.size() || !is_of_a_word(words.back()) || !is_of_a_word(text[end]);
        if (begins && ends)
            return at;
    }
    return std::string_view::npos;
}

bool shows(const Sign &sign, std::string_view message)
{
    const auto at = find_words(message, sign.text);
    if (at == std::string_view::npos || (sign.where == Where::start && at != 0))
        return false;
    return message.find(sign.and_also, at + sign.text.size()) != std::string_view::npos;
}

bool is_problem(std::string_view message)
{
    return std::any_of(signs.begin(), signs.end(), [&](const Sign &sign) { return shows(sign, message); });
}

// dump_stack() introduces itself with "CPU: 3 PID: 416 Comm: ...", and some of these (lib/dump_stack.c).
constexpr std::array<std::string_view, 5> of_introduction{
    "Tainted:", "Hardware name:", "Workqueue:", "Stopper:", "Sched_ext:"};

// What a stack trace is about is said in the line before that. Such a line may be no sign of trouble by itself:
// "vmalloc error: size 4096, ...". The trace's own line if it is not introduced.
std::size_t headline_of_trace(const std::vector<std::string> &lines, std::size_t trace)
{
    const auto introduces = [&](std::size_t line) {
        return std::any_of(of_introduction.begin(), of_introduction.end(),
                           [&](std::string_view start) { return message_of(lines[line]).starts_with(start); });
    };
    std::size_t at = trace;
    while (at > 0 && introduces(at - 1))
        --at;
    const bool has_headline =
        at > 1 && message_of(lines[at - 1]).starts_with("CPU:") && !trim(message_of(lines[at - 2])).empty();
    return has_headline ? at - 2 : trace;
}

} // namespace

Result<ScratchFolder> make_run_folder(Filesystem &files) { return ScratchFolder::make(files, all_runs(), run_name); }

fs::path example_of_run_folder() { return all_runs() / fmt::format("{}-XXXXXX", run_name); }

Result<fs::path> new_console_log(Filesystem &files)
{
    const fs::path folder = cache_directory() / "logs";
    TRY(files.make_directories(folder));
    auto older = files.list(folder).value_or(std::vector<std::string>()); // sorted by name, and so by time
    std::erase_if(older, [](const std::string &name) { return !name.starts_with(log_prefix); });
    for (std::size_t at = 0; at + logs_kept <= older.size(); ++at)
        std::ignore = files.remove_all(folder / older[at]);
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    auto path = (folder / fmt::format("{}{:%Y%m%d-%H%M%S}-XXXXXX{}", log_prefix, now, log_suffix)).string();
    const OwnedDescriptor file(mkostemps(path.data(), static_cast<int>(log_suffix.size()), O_CLOEXEC));
    if (!file.is_open())
        return system_failure("write", path, errno);
    return path;
}

std::vector<std::string> console_problems(std::string_view console)
{
    const auto lines = lines_of(console);
    std::vector<std::string> problems;
    bool announced = false; // the next trace, by the problem before it
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto message = message_of(lines[i]);
        if (!is_problem(message))
            continue;
        const bool is_trace = message.starts_with("Call Trace:");
        problems.push_back(printable(trim(lines[is_trace && !announced ? headline_of_trace(lines, i) : i])));
        announced = !is_trace;
    }
    return problems;
}

std::string panic_line(std::string_view console)
{
    for (const std::string &line : lines_of(console)) {
        if (find_words(line, "Kernel panic") != std::string_view::npos)
            return printable(trim(message_of(line)));
    }
    return {};
}

} // namespace krun
