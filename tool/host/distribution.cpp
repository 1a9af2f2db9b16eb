// SPDX-License-Identifier: MIT
#include "host/distribution.hpp"

#include <algorithm>
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

} // namespace krun
