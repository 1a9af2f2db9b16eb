// SPDX-License-Identifier: MIT
// Programs that only pretend; see fake_process_runner.hpp.
#include "fakes/fake_process_runner.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

bool begins_with(const std::vector<std::string> &argv, const std::vector<std::string> &prefix)
{
    return std::mismatch(prefix.begin(), prefix.end(), argv.begin(), argv.end()).first == prefix.end();
}

} // namespace

void FakeProcessRunner::on(std::vector<std::string> prefix, Answer answer)
{
    rules_.push_back({std::move(prefix), std::move(answer)});
}

void FakeProcessRunner::on(std::vector<std::string> prefix, int status, std::string output, std::string errors)
{
    ProcessResult result;
    result.status = status;
    result.output = std::move(output);
    result.errors = std::move(errors);
    on(std::move(prefix), [result](const Command &) { return result; });
}

void FakeProcessRunner::succeeds(std::vector<std::string> prefix) { on(std::move(prefix), 0); }

Result<ProcessResult> FakeProcessRunner::run(const Command &command)
{
    commands.push_back(command);
    const Rule *best = nullptr;
    for (const auto &rule : rules_) {
        if (begins_with(command.argv, rule.prefix) && (best == nullptr || rule.prefix.size() >= best->prefix.size()))
            best = &rule;
    }
    if (best == nullptr) {
        ADD_FAILURE() << "the test expects no program `" << quoted(command) << "`";
        ProcessResult unknown;
        unknown.status = 127; // as a shell has it when there is no such program
        return unknown;
    }
    auto result = best->answer(command);
    if (result && command.on_line) {
        for (const auto &line : lines_of(result->output + result->errors))
            command.on_line(line);
    }
    return result;
}

std::size_t FakeProcessRunner::count(const std::vector<std::string> &prefix) const
{
    return static_cast<std::size_t>(std::count_if(
        commands.begin(), commands.end(), [&](const Command &command) { return begins_with(command.argv, prefix); }));
}

} // namespace krun
