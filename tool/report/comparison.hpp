// SPDX-License-Identifier: MIT
// Means of several runs, and how far two commands are apart.
#pragma once

#include <optional>
#include <vector>

namespace krun
{

struct Spread {
    double mean = 0;
    double deviation = 0;  // standard deviation; 0 of a single run
    double half_width = 0; // of the 95 % confidence interval of the mean; infinite of a single run
};

Spread spread_of(const std::vector<double> &values);

// Of each pair, the second value less the first; without those that lack one.
std::vector<double> pair_differences(const std::vector<std::optional<double>> &first,
                                     const std::vector<std::optional<double>> &second);

// The 0.975 quantile of Student's t distribution.
double student_t(unsigned degrees_of_freedom);

} // namespace krun
