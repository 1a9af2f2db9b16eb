// SPDX-License-Identifier: MIT
// The page as text. That a browser shows it is tested with the built krunctl.
#include "report/bench_report.hpp"

#include <algorithm>
#include <cmath>
#include <regex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/bench_result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

int occurrences(const std::string &text, const std::string &part)
{
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        count++;
    return count;
}

// Every element that is opened is closed, innermost first.
void expect_balanced(const std::string &html)
{
    static const std::regex tag("<(/?)([a-zA-Z0-9]+)[^>]*?(/?)>");
    std::vector<std::string> open;
    for (auto found = std::sregex_iterator(html.begin(), html.end(), tag); found != std::sregex_iterator(); ++found) {
        const auto name = (*found)[2].str();
        if (name == "meta" || name == "br" || (*found)[3].length() != 0)
            continue;
        if ((*found)[1].length() == 0) {
            open.push_back(name);
            continue;
        }
        ASSERT_FALSE(open.empty()) << name;
        ASSERT_EQ(open.back(), name);
        open.pop_back();
    }
    EXPECT_THAT(open, testing::IsEmpty());
}

TEST(HtmlEscape, LeavesNothingThatHtmlWouldObey)
{
    EXPECT_EQ(html_escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
    EXPECT_EQ(html_escaped("\x1b[31mµ"), "\\x1b[31mµ");
    EXPECT_EQ(html_escaped("&amp;"), "&amp;amp;");
}

TEST(BenchPage, HasWhatTheReportHas)
{
    const auto page = bench_page(some_bench());
    for (const char *part :
         {"Some CPU, Linux 6.12.1", ">device</td><td class=\"unbroken\">CPUs</td>", "2,250<br>", "4,500", "3.30",
          "CAL 3.00", "<td>no permission</td><td>be root</td>", "<th>meltdown</th><td>Mitigation: PTI", "getppid(2)",
          "20*", "2.000000 GHz, invariant", "stays on CPU 3"})
        EXPECT_THAT(page, HasSubstr(part));
    expect_balanced(page);
}

TEST(BenchPage, NeedsNothingButItself)
{
    const auto page = bench_page(some_bench());
    for (const char *part : {"<script", "<link", "<img", "http:", "https:", "url(", "@import", "src="})
        EXPECT_THAT(page, Not(HasSubstr(part)));
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(BenchPage, EscapesWhateverComesFromTheMachine)
{
    auto result = some_bench();
    const std::string evil = "<script>alert('1')</script>\" onload=\"&";
    result.machine.cpu_model = evil;
    result.machine.kernel = evil;
    result.machine.kernel_version = evil;
    result.machine.microcode = evil;
    result.machine.clock_source = evil;
    result.machine.governor = evil;
    result.machine.hypervisor = evil;
    result.machine.mitigations = {{evil, evil}};
    result.missing.front().reason = evil;
    result.missing.front().remedy = evil;
    for (auto *rows : {&result.ways, &result.baselines}) {
        for (BenchRow &row : *rows) {
            row.name = row.what = row.error = evil;
            row.counters = {evil};
            if (row.cost.others)
                row.cost.others->rows = {{evil, evil, 1000}};
        }
    }
    result.ways.front().scope = evil;
    const auto page = bench_page(result);
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("\" onload")));
    EXPECT_GT(occurrences(page, "&lt;script&gt;"), 20);
    expect_balanced(page);
}

TEST(BenchPage, WarnsOfVirtualMachines)
{
    auto result = some_bench();
    EXPECT_THAT(bench_page(result), Not(HasSubstr("class=\"warning\"")));
    result.machine.hypervisor = "KVM";
    EXPECT_THAT(bench_page(result), HasSubstr("<p class=\"warning\">These figures were measured in a virtual machine"));
}

TEST(BenchPage, OfReadingsThatAllFailedHasNoPlots)
{
    auto result = some_bench();
    result.baselines.clear();
    for (BenchRow &row : result.ways) {
        row.cost = {};
        row.error = "No such device";
    }
    const auto page = bench_page(result);
    EXPECT_THAT(page, Not(HasSubstr("<svg")));
    EXPECT_THAT(page, HasSubstr("stopped early: No such device"));
    expect_balanced(page);
}

// Contrast as WCAG 2 defines it, of colours written "#rrggbb".
double luminance(const std::string &color)
{
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (std::size_t channel = 0; channel < 3; channel++) {
        const double value = std::stoi(color.substr(1 + 2 * channel, 2), nullptr, 16) / 255.0;
        sum += weights[channel] * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double contrast(const std::string &a, const std::string &b)
{
    const double ratio = (luminance(a) + 0.05) / (luminance(b) + 0.05);
    return std::max(ratio, 1 / ratio);
}

TEST(BenchPage, CanBeReadInLightAndDark)
{
    const auto page = bench_page(some_bench());
    const auto dark_begins = page.find("prefers-color-scheme: dark");
    ASSERT_NE(dark_begins, std::string::npos);
    for (const auto &scheme : {page.substr(0, dark_begins), page.substr(dark_begins)}) {
        const auto color = [&](const std::string &name) {
            const auto at = scheme.find("--" + name + ": #");
            EXPECT_NE(at, std::string::npos) << name;
            return at == std::string::npos ? "#000000" : scheme.substr(at + name.size() + 4, 7);
        };
        for (const char *text : {"text", "faint"})
            EXPECT_GE(contrast(color(text), color("page")), 4.5) << text;
        EXPECT_GE(contrast(color("text"), color("warn")), 4.5);
        for (const char *mark : {"way-0", "way-1", "way-2", "way-3", "way-4", "base"})
            EXPECT_GE(contrast(color(mark), color("page")), 3) << mark;
    }
}

// Numbers that a browser would not take.
void expect_drawable(const std::string &svg)
{
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
    expect_balanced(svg);
}

TEST(BenchPlots, HaveAShapeForEveryRowInItsColour)
{
    const auto result = some_bench();
    for (const auto &svg : {histogram_plot(result), tail_plot(result)}) {
        EXPECT_EQ(occurrences(svg, "<path "), 3);
        expect_drawable(svg);
    }
    EXPECT_EQ(occurrences(histogram_plot(result), "class=\"fill way-0\""), 1);
    EXPECT_EQ(occurrences(histogram_plot(result), "class=\"fill way-3\""), 1);
    EXPECT_EQ(occurrences(histogram_plot(result), "class=\"fill base\""), 1);
    EXPECT_EQ(occurrences(histogram_plot(result), "class=\"mark\""), 3 * 3);
    EXPECT_THAT(histogram_plot(result), HasSubstr("device, CPUs: 1000 readings, min 2.00 µs"));
}

TEST(BenchPlots, AxisGoesInPowersOfTen)
{
    const auto svg = histogram_plot(some_bench());
    for (const char *number : {">100 ns<", ">1 µs<", ">10 µs<"})
        EXPECT_THAT(svg, HasSubstr(number));
    EXPECT_THAT(svg, Not(HasSubstr(">1 ms<")));
}

TEST(BenchPlots, TailEndsAtOneReading)
{
    auto result = some_bench();
    result.ways.clear();
    const auto svg = tail_plot(result);
    for (const char *share : {">100 %<", ">10 %<", ">1 %<", ">0.1 %<"})
        EXPECT_THAT(svg, HasSubstr(share));
    EXPECT_THAT(svg, Not(HasSubstr(">0.01 %<"))); // of 1000 readings
}

TEST(BenchPlots, CanDrawReadingsThatAreAllAlikeOrTakeNoTime)
{
    auto result = some_bench();
    result.ways.clear();
    for (const std::uint64_t ticks : {std::uint64_t{0}, std::uint64_t{500}, ~std::uint64_t{0}}) {
        result.baselines[0].cost.ticks = distribution_of({ticks});
        for (const std::uint64_t hz : {std::uint64_t{0}, std::uint64_t{2'000'000'000}}) {
            result.tsc_hz = hz;
            expect_drawable(histogram_plot(result));
            expect_drawable(tail_plot(result));
        }
    }
}

} // namespace
} // namespace krun
