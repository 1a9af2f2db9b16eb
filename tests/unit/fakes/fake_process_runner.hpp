// SPDX-License-Identifier: MIT
// Programs that only pretend: answers by the beginning of the argument vector.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "util/process.hpp"

namespace krun
{

class FakeProcessRunner : public ProcessRunner
{
  public:
    using Answer = std::function<Result<ProcessResult>(const Command &)>;

    // For commands that begin with `prefix`. The longest prefix wins, of equals the one that was added last. A command
    // without an answer fails the test, and itself with status 127.
    void on(std::vector<std::string> prefix, Answer answer);
    void on(std::vector<std::string> prefix, int status, std::string output = {}, std::string errors = {});

    void succeeds(std::vector<std::string> prefix); // and prints nothing

    Result<ProcessResult> run(const Command &command) override;

    std::vector<Command> commands; // all that were run, in order
    [[nodiscard]] std::size_t count(const std::vector<std::string> &prefix) const;

  private:
    struct Rule {
        std::vector<std::string> prefix;
        Answer answer;
    };
    std::vector<Rule> rules_;
};

} // namespace krun
