// SPDX-License-Identifier: MIT
// Theory: two commands are run in turn, so that whatever drifts drifts for both, and each pair gives one difference.
// The mean difference is within Student's interval if the differences are about normal; the interval says more than a
// verdict would.
#include "report/comparison.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace krun
{

double student_t(unsigned degrees_of_freedom)
{
    static constexpr std::array<double, 30> table = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120,  2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
    if (degrees_of_freedom == 0)
        return std::numeric_limits<double>::infinity();
    if (degrees_of_freedom <= table.size())
        return table.at(degrees_of_freedom - 1);
    // Cornish and Fisher's expansion around the normal quantile: four digits from here on.
    constexpr double z = 1.959964;
    const double n = degrees_of_freedom;
    return z + (z * z * z + z) / (4 * n) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

Spread spread_of(const std::vector<double> &values)
{
    Spread spread;
    if (values.empty())
        return spread;
    const auto count = static_cast<double>(values.size());
    for (const double value : values)
        spread.mean += value / count;
    if (values.size() == 1) {
        spread.half_width = std::numeric_limits<double>::infinity();
        return spread;
    }
    double squares = 0;
    for (const double value : values)
        squares += (value - spread.mean) * (value - spread.mean);
    spread.deviation = std::sqrt(squares / (count - 1));
    spread.half_width = student_t(static_cast<unsigned>(values.size() - 1)) * spread.deviation / std::sqrt(count);
    return spread;
}

std::vector<double> pair_differences(const std::vector<std::optional<double>> &first,
                                     const std::vector<std::optional<double>> &second)
{
    std::vector<double> differences;
    for (std::size_t i = 0; i < first.size() && i < second.size(); i++) {
        if (first[i] && second[i])
            differences.push_back(*second[i] - *first[i]);
    }
    return differences;
}

} // namespace krun
