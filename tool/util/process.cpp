// SPDX-License-Identifier: MIT

#include "util/process.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{

// Shared by all process runners: the words for a command and for its failure.

namespace
{

// The last line that is not empty: most programs end with their error message.
std::string last_words(const std::string &text)
{
    const auto lines = lines_of(text);
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (auto words = trim(*line); !words.empty())
            return words;
    }
    return {};
}

} // namespace

Result<ProcessResult> ProcessRunner::run_ok(const Command &command)
{
    auto result = run(command);
    if (!result || result->ok())
        return result;
    return failure_of(command, *result);
}

tl::unexpected<Error> failure_of(const Command &command, const ProcessResult &result)
{
    const auto name = std::filesystem::path(command.argv.front()).filename().string();
    if (tells_of_full_disk(result.errors))
        return full_disk(fmt::format("the device that `{}` wrote to", name), command.log.string());
    if (result.timed_out)
        return failure(fmt::format("`{}` did not end within {} s", name, command.timeout->count() / 1000), {},
                       command.log.string());
    auto message = fmt::format("`{}` failed with status {}", name, result.status);
    if (const auto words = last_words(result.errors); !words.empty())
        message += ": " + words;
    return failure(std::move(message), {}, command.log.string());
}

std::string quoted(const Command &command)
{
    std::string text;
    if (!command.directory.empty())
        text = "cd " + shell_quoted(command.directory.string()) + " && ";
    for (const auto &[name, value] : command.environment)
        text += name + "=" + shell_quoted(value) + " ";
    for (std::size_t at = 0; at < command.argv.size(); ++at)
        text += (at == 0 ? "" : " ") + shell_quoted(command.argv[at]);
    return text;
}

bool program_on_path(const std::string &name)
{
    if (name.find('/') != std::string::npos)
        return access(name.c_str(), X_OK) == 0;
    const char *path = std::getenv("PATH");
    for (const auto &folder : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        const auto candidate = std::filesystem::path(folder.empty() ? "." : folder) / name;
        std::error_code ignored;
        if (std::filesystem::is_regular_file(candidate, ignored) && access(candidate.c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

Result<void> expect_programs(const std::vector<NeededProgram> &needed)
{
    for (const auto &[program, package] : needed) {
        if (!program_on_path(program) && !program_on_path("/usr/sbin/" + program) &&
            !program_on_path("/sbin/" + program))
            return host_lacks(fmt::format("the program `{}` is not installed", program),
                              fmt::format("sudo apt-get install {}", package));
    }
    return {};
}

Result<ProcessResult> PartRunner::run(const Command &command)
{
    Command stoppable = command;
    stoppable.stop = &stop_;
    auto result = runner_.run(stoppable);
    if (result)
        cpu_seconds_ += result->cpu_seconds;
    return result;
}

} // namespace krun
