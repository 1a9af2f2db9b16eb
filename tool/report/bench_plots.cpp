// SPDX-License-Identifier: MIT
#include "report/bench_report.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

// In units of the view box; the page scales it.
constexpr double plot_width = 960;
constexpr double plot_right = 90;
constexpr double space_below = 40; // an axis with its numbers and title

std::vector<const BenchRow *> rows_with_readings(const BenchResult &result)
{
    std::vector<const BenchRow *> rows;
    for (const auto *some : {&result.baselines, &result.ways})
        for (const BenchRow &row : *some)
            if (row.cost.ticks.count != 0)
                rows.push_back(&row);
    return rows;
}

// Ticks to units of the picture; in nanoseconds where they are known.
class TimeAxis
{
  public:
    TimeAxis(const BenchResult &result, double left) : result_(result), left_(left)
    {
        double least = std::numeric_limits<double>::max();
        double most = 1;
        for (const BenchRow *row : rows_with_readings(result)) {
            const auto &histogram = row->cost.ticks.histogram;
            least = std::min(least, in_unit(std::max<std::uint64_t>(histogram.front().from, 1)));
            most = std::max(most, in_unit(row->cost.ticks.max));
        }
        first_ = std::log10(std::min(least, most));
        last_ = std::max(std::log10(most), first_ + 0.5) + 0.02;
    }

    [[nodiscard]] double at(std::uint64_t ticks) const { return at_value(in_unit(std::max<std::uint64_t>(ticks, 1))); }
    [[nodiscard]] double left() const { return left_; }

    // Lines at 1, 2 and 5 of each power of ten, with numbers at their feet: below those of an axis at the left.
    [[nodiscard]] std::string grid(double top, double bottom) const
    {
        std::string svg;
        for (int power = static_cast<int>(std::floor(first_)); power <= static_cast<int>(std::ceil(last_)); power++) {
            for (const int digit : {1, 2, 5}) {
                const double value = digit * std::pow(10.0, power);
                if (std::log10(value) < first_ || std::log10(value) > last_)
                    continue;
                const double x = at_value(value);
                svg += fmt::format(R"(<line class="grid" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", x,
                                   top, bottom);
                if (digit == 1 || last_ - first_ < 4)
                    svg +=
                        fmt::format(R"(<text class="plot-text" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)",
                                    x, bottom + 18, number(value));
            }
        }
        return svg +
               fmt::format(R"(<text class="plot-text" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)",
                           (left_ + plot_width - plot_right) / 2, bottom + 36,
                           result_.tsc_hz == 0 ? "TSC ticks per reading" : "time per reading") +
               "\n";
    }

  private:
    [[nodiscard]] double in_unit(std::uint64_t ticks) const
    {
        const auto time = result_.tsc_hz == 0 ? static_cast<double>(ticks)
                                              : static_cast<double>(ticks) * 1e9 / static_cast<double>(result_.tsc_hz);
        return std::max(time, 0.1);
    }
    [[nodiscard]] double at_value(double value) const
    {
        return left_ + (std::log10(value) - first_) / (last_ - first_) * (plot_width - plot_right - left_);
    }
    [[nodiscard]] std::string number(double value) const
    {
        if (result_.tsc_hz == 0)
            return fmt::format("{:g}", value);
        if (value < 1e3)
            return fmt::format("{:g} ns", value);
        if (value < 1e6)
            return fmt::format("{:g} µs", value / 1e3);
        return value < 1e9 ? fmt::format("{:g} ms", value / 1e6) : fmt::format("{:g} s", value / 1e9);
    }

    const BenchResult &result_;
    double left_;
    double first_ = 0; // powers of ten
    double last_ = 1;
};

std::string shown(const BenchResult &result, std::uint64_t ticks)
{
    const auto time = nanoseconds(result, ticks);
    if (!time)
        return fmt::format("{} ticks", ticks);
    if (*time < 1e3)
        return short_number(*time) + " ns";
    return *time < 1e6 ? short_number(*time / 1e3) + " µs" : short_number(*time / 1e6) + " ms";
}

std::string title_of(const BenchRow &row) { return row.scope.empty() ? row.name : row.name + ", " + row.scope; }

// What a pointer that rests on the row is told.
std::string described(const BenchResult &result, const BenchRow &row)
{
    const Distribution &ticks = row.cost.ticks;
    return fmt::format("{}: {} readings, min {}, p50 {}, p99 {}, p99.9 {}, max {}", title_of(row), ticks.count,
                       shown(result, ticks.min), shown(result, ticks.p50), shown(result, ticks.p99),
                       shown(result, ticks.p999), shown(result, ticks.max));
}

std::string svg_opening(double height, const std::string &label)
{
    return fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">)", plot_width, height,
                       html_escaped(label)) +
           "\n";
}

// One path: up and down at the buckets' edges.
std::string outline(const TimeAxis &axis, const std::vector<Bucket> &histogram, double bottom, double height)
{
    const auto fullest = std::max_element(histogram.begin(), histogram.end(),
                                          [](const Bucket &a, const Bucket &b) { return a.count < b.count; });
    std::string path = fmt::format("M{:.1f} {:.1f}", axis.at(histogram.front().from), bottom);
    for (const Bucket &bucket : histogram) {
        const double share = static_cast<double>(bucket.count) / static_cast<double>(fullest->count);
        // What there is once is seen, too.
        const double up = bucket.count == 0 ? 0 : std::max(share * height, 1.0);
        path += fmt::format("V{:.1f}H{:.1f}", bottom - up, axis.at(bucket.to));
    }
    return path + fmt::format("V{:.1f}Z", bottom);
}

std::string histogram_row(const BenchResult &result, const BenchRow &row, const TimeAxis &axis, double bottom)
{
    constexpr double height = 34;
    const Distribution &ticks = row.cost.ticks;
    const auto color = plot_class(row);
    std::string svg = fmt::format("<g><title>{}</title>", html_escaped(described(result, row)));
    // Nothing to be seen, but something to point at.
    svg += fmt::format(R"(<rect class="ground" x="0" y="{:.1f}" width="{}" height="{}"/>)", bottom - height, plot_width,
                       height);
    svg += fmt::format(R"(<text class="plot-text name" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                       axis.left() - 12, bottom - 6, html_escaped(title_of(row)));
    svg += fmt::format(R"(<path class="fill {}" d="{}"/>)", color, outline(axis, ticks.histogram, bottom, height));
    svg += fmt::format(R"(<line class="axis" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", axis.left(), bottom,
                       plot_width - plot_right, bottom);
    for (const auto value : {ticks.p50, ticks.p99, ticks.p999})
        svg += fmt::format(R"(<line class="mark" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)",
                           axis.at(value), bottom, bottom + 6);
    svg += fmt::format(R"(<text class="plot-text" x="{:.1f}" y="{:.1f}">{}</text></g>)", plot_width - plot_right + 8,
                       bottom - 6, shown(result, ticks.p50));
    return svg + "\n";
}

// From 100 % down to what one reading is.
class ShareAxis
{
  public:
    ShareAxis(std::uint64_t readings, double top, double bottom)
        : powers_(std::max(std::ceil(std::log10(static_cast<double>(readings))), 1.0)), top_(top), bottom_(bottom)
    {
    }
    [[nodiscard]] double at(double share) const
    {
        return top_ - std::max(std::log10(share), -powers_) / powers_ * (bottom_ - top_);
    }
    [[nodiscard]] std::string grid(double left) const
    {
        std::string svg;
        for (int power = 0; power <= static_cast<int>(powers_); power++) {
            const double share = std::pow(10.0, -power);
            svg +=
                fmt::format(R"(<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)"
                            R"(<text class="plot-text" x="{:.1f}" y="{:.1f}" text-anchor="end">{:g} %</text>)",
                            left, at(share), plot_width - plot_right, at(share), left - 8, at(share) + 4, share * 100);
        }
        return svg + "\n";
    }

  private:
    double powers_;
    double top_;
    double bottom_;
};

std::string tail_path(const TimeAxis &times, const ShareAxis &shares, const Distribution &ticks)
{
    const auto all = static_cast<double>(ticks.count);
    auto left = ticks.count;
    std::string path = fmt::format("M{:.1f} {:.1f}", times.at(ticks.histogram.front().from), shares.at(1));
    for (const Bucket &bucket : ticks.histogram) {
        left -= bucket.count;
        if (left == 0) // ends where the slowest reading is
            path += fmt::format("L{:.1f} {:.1f}", times.at(ticks.max), shares.at(1 / all));
        else if (bucket.count != 0)
            path += fmt::format("L{:.1f} {:.1f}", times.at(bucket.to), shares.at(static_cast<double>(left) / all));
    }
    return path;
}

// The style of a line, beside its colour: which rows of one way it tells apart.
std::string dash_class(const BenchRow &row)
{
    if (row.name == "nothing" || row.name.ends_with(" rendezvous") || row.name.ends_with(" in-place"))
        return "dots";
    if (row.name.ends_with(" idle-snapshot"))
        return "dash-dots";
    return row.name == "clock" || row.scope == "thread" ? "dashes" : "solid";
}

std::string legend(const std::vector<const BenchRow *> &rows, double left, double top, double line_height)
{
    std::string svg;
    constexpr int columns = 4;
    constexpr double column_width = 220;
    for (std::size_t at = 0; at < rows.size(); at++) {
        const double x = left + static_cast<double>(at % columns) * column_width;
        const double y = top + static_cast<double>(at / columns) * line_height;
        svg += fmt::format(R"(<line class="tail {} {}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)",
                           plot_class(*rows[at]), dash_class(*rows[at]), x, y - 4, x + 32, y - 4);
        svg += fmt::format(R"(<text class="plot-text" x="{:.1f}" y="{:.1f}">{}</text>)", x + 40, y,
                           html_escaped(title_of(*rows[at])));
    }
    return svg + "\n";
}

} // namespace

std::string plot_class(const BenchRow &row) { return row.way < 0 ? "base" : fmt::format("way-{}", row.way); }

std::string histogram_plot(const BenchResult &result)
{
    constexpr double row_height = 50;
    constexpr double left = 210;
    const auto rows = rows_with_readings(result);
    if (rows.empty())
        return {};
    const TimeAxis axis(result, left);
    const double bottom = row_height * static_cast<double>(rows.size());
    std::string svg = svg_opening(bottom + 10 + space_below, "Histograms of what a reading takes, one for each way");
    svg += axis.grid(0, bottom + 8);
    for (std::size_t at = 0; at < rows.size(); at++)
        svg += histogram_row(result, *rows[at], axis, row_height * static_cast<double>(at + 1) - 6);
    return svg + "</svg>\n";
}

std::string tail_plot(const BenchResult &result)
{
    constexpr double height = 360;
    constexpr double left = 80;
    constexpr double line_height = 20;
    const auto rows = rows_with_readings(result);
    if (rows.empty())
        return {};
    std::uint64_t most = 1;
    for (const BenchRow *row : rows)
        most = std::max(most, row->cost.ticks.count);
    const double top = 10 + line_height * std::ceil(static_cast<double>(rows.size()) / 4);
    const TimeAxis times(result, left);
    const ShareAxis shares(most, top + 10, top + height);
    std::string svg =
        svg_opening(top + height + space_below, "Share of readings that took longer than a time, for each way");
    svg += legend(rows, left, 16, line_height);
    svg += times.grid(top + 10, top + height) + shares.grid(left);
    for (const BenchRow *row : rows)
        svg += fmt::format(R"(<path class="tail {} {}" d="{}"><title>{}</title></path>)", plot_class(*row),
                           dash_class(*row), tail_path(times, shares, row->cost.ticks),
                           html_escaped(described(result, *row))) +
               "\n";
    return svg + "</svg>\n";
}

} // namespace krun
