// SPDX-License-Identifier: MIT
// What ctest prints while it runs its cases.
#pragma once

#include <optional>
#include <string>

namespace krun
{

enum class CaseStatus { passed, failed, skipped, timed_out, died, not_run };

struct CaseEnd {
    std::string name;
    CaseStatus status = CaseStatus::failed;
    double seconds = 0;
};

// "      Start  5: unit-1" as unit-1.
std::optional<std::string> case_start(const std::string &line);
// " 3/20 Test  #5: unit-1 .....   Passed    1.20 sec".
std::optional<CaseEnd> case_end(const std::string &line);

} // namespace krun
