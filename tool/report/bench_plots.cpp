// SPDX-License-Identifier: MIT
#include "report/bench_report.hpp"

#include <algorithm>
#include <cmath>
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
    auto rows = all_rows(result);
    std::erase_if(rows, [](const BenchRow *row) { return row->cost.ticks.count == 0; });
    return rows;
}

std::string svg_line(const std::string &classes, double x1, double y1, double x2, double y2)
{
    return fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", classes, x1, y1, x2,
                       y2);
}

// The anchor is what of the text is at x: its "start", "middle" or "end".
std::string svg_text(double x, double y, const std::string &content, const char *anchor = "start",
                     const char *classes = "plot-text")
{
    return fmt::format(R"(<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", classes, x, y, anchor,
                       html_escaped(content));
}

// "way-2", "base".
std::string plot_class(const BenchRow &row) { return row.way < 0 ? "base" : fmt::format("way-{}", row.way); }

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
                svg += svg_line("grid", x, top, x, bottom);
                if (digit == 1 || last_ - first_ < 4)
                    svg += svg_text(x, bottom + 18, number(value), "middle");
            }
        }
        return svg +
               svg_text((left_ + plot_width - plot_right) / 2, bottom + 36,
                        result_.tsc_hz == 0 ? "TSC ticks per reading" : "time per reading", "middle") +
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
    auto text = fmt::format("{}: {} readings", title_of(row), row.cost.ticks.count);
    for (const CostFigure &figure : cost_figures)
        text += fmt::format(", {} {}", figure.name, shown(result, row.cost.ticks.*figure.value));
    return text;
}

std::string svg_opening(double height, const std::string &label)
{
    return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", plot_width, height,
                       html_escaped(label));
}

// One path: up and down at the buckets' edges.
std::string outline(const TimeAxis &axis, const std::vector<Bucket> &histogram, double bottom, double height)
{
    const auto fullest = static_cast<double>(std::ranges::max(histogram, {}, &Bucket::count).count);
    std::string path = fmt::format("M{:.1f} {:.1f}", axis.at(histogram.front().from), bottom);
    for (const Bucket &bucket : histogram) {
        const double share = static_cast<double>(bucket.count) / fullest;
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
    std::string svg = fmt::format("<g><title>{}</title>", html_escaped(described(result, row)));
    // Nothing to be seen, but something to point at.
    svg += fmt::format(R"(<rect class="ground" x="0" y="{:.1f}" width="{}" height="{}"/>)", bottom - height, plot_width,
                       height);
    svg += svg_text(axis.left() - 12, bottom - 6, title_of(row), "end", "plot-text name");
    svg += fmt::format(R"(<path class="fill {}" d="{}"/>)", plot_class(row),
                       outline(axis, ticks.histogram, bottom, height));
    svg += svg_line("axis", axis.left(), bottom, plot_width - plot_right, bottom);
    for (const auto value : {ticks.p50, ticks.p99, ticks.p999})
        svg += svg_line("mark", axis.at(value), bottom, axis.at(value), bottom + 6);
    return svg + svg_text(plot_width - plot_right + 8, bottom - 6, shown(result, ticks.p50)) + "</g>\n";
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
            svg += svg_line("grid", left, at(share), plot_width - plot_right, at(share)) +
                   svg_text(left - 8, at(share) + 4, fmt::format("{:g} %", share * 100), "end");
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

// Colour and style of a line: the style tells the rows of one way apart.
std::string tail_class(const BenchRow &row)
{
    const char *style = row.name == "clock" || row.scope == "thread" ? "dashes" : "solid";
    if (row.name == "nothing" || row.name.ends_with(" rendezvous") || row.name.ends_with(" in-place"))
        style = "dots";
    else if (row.name.ends_with(" idle-snapshot"))
        style = "dash-dots";
    return fmt::format("tail {} {}", plot_class(row), style);
}

std::string legend(const std::vector<const BenchRow *> &rows, double left, double top, double line_height)
{
    std::string svg;
    constexpr int columns = 4;
    constexpr double column_width = 220;
    for (std::size_t at = 0; at < rows.size(); at++) {
        const double x = left + static_cast<double>(at % columns) * column_width;
        const auto row = at / columns;
        const double y = top + static_cast<double>(row) * line_height;
        svg += svg_line(tail_class(*rows[at]), x, y - 4, x + 32, y - 4) + svg_text(x + 40, y, title_of(*rows[at]));
    }
    return svg + "\n";
}

} // namespace

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
        svg += fmt::format("<path class=\"{}\" d=\"{}\"><title>{}</title></path>\n", tail_class(*row),
                           tail_path(times, shares, row->cost.ticks), html_escaped(described(result, *row)));
    return svg + "</svg>\n";
}

} // namespace krun
