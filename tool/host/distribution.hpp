// SPDX-License-Identifier: MIT
// How a set of values is distributed: exact quantiles, and a histogram whose buckets grow with the value, because a
// reading takes a hundred ticks as a rule and a million once.
#pragma once

#include <cstdint>
#include <vector>

namespace krun
{

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

} // namespace krun
