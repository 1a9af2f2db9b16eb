// SPDX-License-Identifier: MIT
// What the checks say of a made-up host.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "fakes/fake_host.hpp"
#include "host/checks.hpp"

namespace krun
{

inline CheckResult result_of(FakeHost &host, const std::string &id)
{
    const auto results = check_kernel(host);
    const auto found = std::find_if(results.begin(), results.end(), [&](const auto &one) { return one.id == id; });
    return found == results.end() ? CheckResult{} : *found;
}

inline CheckStatus status_of(FakeHost &host, const std::string &id) { return result_of(host, id).status; }

inline void expect_only(FakeHost &host, const std::string &id, CheckStatus status)
{
    for (const CheckResult &result : check_kernel(host)) {
        EXPECT_EQ(result.status, result.id == id ? status : CheckStatus::pass) << result.id << result.detail;
        EXPECT_EQ(result.remedy.empty(), result.status == CheckStatus::pass) << result.id;
    }
}

inline bool is_good(FakeHost &host) { return all_good(check_kernel(host)); }

inline std::vector<std::string> forbidding(FakeHost &host) { return against_promotion(check_kernel(host)); }

} // namespace krun
