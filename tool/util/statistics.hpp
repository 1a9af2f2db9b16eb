// SPDX-License-Identifier: MIT
// Quantiles and histograms of many values; means and intervals of few.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace krun
{

// How a set of values is distributed: exact quantiles, and a histogram whose buckets grow with the value, because a
// reading takes a hundred ticks as a rule and a million once.

struct Bucket { // of values from `from` up to, but not including, `to`
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t count = 0;

    bool operator==(const Bucket &) const = default;
};

struct Distribution {
    std::uint64_t count = 0; // 0: the rest means nothing
    std::uint64_t min = 0;
    std::uint64_t p50 = 0; // one of the values, as all of these are: no interpolation
    std::uint64_t p99 = 0;
    std::uint64_t p999 = 0;
    std::uint64_t max = 0;
    std::vector<Bucket> histogram; // ascending without gaps; the first and the last bucket hold something
};

Distribution distribution_of(std::vector<std::uint64_t> values);

// What `percent` of the values do not exceed (nearest rank). `sorted` is ascending, and not empty.
std::uint64_t quantile(const std::vector<std::uint64_t> &sorted, double percent);

// Means of several runs, and how far two commands are apart.

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
