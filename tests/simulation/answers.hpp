// SPDX-License-Identifier: MIT
// How a simulated program ends.
#pragma once

#include <string>
#include <utility>

#include "util/process.hpp"

namespace krun::simulation
{

inline ProcessResult says(std::string output)
{
    ProcessResult result;
    result.output = std::move(output);
    return result;
}

inline ProcessResult complains(int status, const std::string &errors)
{
    ProcessResult result;
    result.status = status;
    result.errors = errors + "\n";
    return result;
}

} // namespace krun::simulation
