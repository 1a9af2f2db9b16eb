// SPDX-License-Identifier: MIT

#include "util/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace krun
{
namespace
{

constexpr int buckets_per_doubling = 8; // 9 % wide

// 0, 1, 2, 3 ... as long as the powers lie closer than 1, then the powers; the last one is the largest number.
std::vector<std::uint64_t> bucket_edges()
{
    std::vector<std::uint64_t> edges = {0, 1};
    for (int step = 1; step < 64 * buckets_per_doubling; step++) {
        const double power = std::exp2(static_cast<double>(step) / buckets_per_doubling);
        const auto edge = static_cast<std::uint64_t>(std::llround(std::min(power, 0x1p62)));
        if (edge > edges.back())
            edges.push_back(edge);
    }
    edges.push_back(std::numeric_limits<std::uint64_t>::max());
    return edges;
}

std::vector<Bucket> histogram_of(const std::vector<std::uint64_t> &sorted)
{
    static const std::vector<std::uint64_t> edges = bucket_edges();
    const auto last = edges.end() - 1; // nothing is beyond this one
    std::vector<Bucket> buckets;
    auto upper = std::upper_bound(edges.begin(), last, sorted.front());
    for (auto value = sorted.begin(); value != sorted.end(); ++upper) {
        const auto end = upper == last ? sorted.end() : std::lower_bound(value, sorted.end(), *upper);
        buckets.push_back({*(upper - 1), *upper, static_cast<std::uint64_t>(end - value)});
        value = end;
    }
    return buckets;
}

} // namespace

std::uint64_t quantile(const std::vector<std::uint64_t> &sorted, double percent)
{
    const auto size = static_cast<double>(sorted.size());
    // 99.9 is not exactly that in binary: without the margin, p99.9 of 1000 values would be the largest.
    const auto rank = static_cast<std::size_t>(std::ceil(percent * size / 100 - 1e-9));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Distribution distribution_of(std::vector<std::uint64_t> values)
{
    if (values.empty())
        return {};
    std::sort(values.begin(), values.end());
    return {values.size(),          values.front(), quantile(values, 50), quantile(values, 99),
            quantile(values, 99.9), values.back(),  histogram_of(values)};
}

// Theory: two commands are run in turn, so that whatever drifts drifts for both, and each pair gives one difference.
// The mean difference is within Student's interval if the differences are about normal; the interval says more than a
// verdict would.

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
