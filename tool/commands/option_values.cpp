// SPDX-License-Identifier: MIT
#include "commands/option_values.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "host/cpu_list.hpp"
#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{

CLI::Validator not_empty()
{
    return {[](const std::string &text) { return text.empty() ? "must not be empty" : ""; }, ""};
}

std::vector<int> cpu_list_value(const std::string &option, const std::string &text)
{
    auto cpus = parse_cpu_list(text);
    if (!cpus || cpus->empty())
        throw UserError(Error{ExitCode::usage,
                              fmt::format("{}: \"{}\" is not a CPU list", option, printable(text)),
                              "write it like 0,2-5",
                              {}});
    std::sort(cpus->begin(), cpus->end());
    cpus->erase(std::unique(cpus->begin(), cpus->end()), cpus->end());
    return *cpus;
}

} // namespace krun
