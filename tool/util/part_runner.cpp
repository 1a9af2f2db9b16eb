// SPDX-License-Identifier: MIT
// See part_runner.hpp.
#include "util/part_runner.hpp"

namespace krun
{

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
