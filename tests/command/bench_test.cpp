// SPDX-License-Identifier: MIT
// `krunctl bench` on the machine that runs the tests: whatever else it lacks, the TSC is a way that it has.
#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BenchTest : public testing::Test
{
  protected:
    ProcessResult bench(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"bench", "--readings", "300"});
        return sandbox.krunctl(arguments);
    }
    json measure(std::vector<std::string> arguments)
    {
        arguments.emplace_back("--json");
        const auto result = bench(std::move(arguments));
        EXPECT_EQ(result.status, 0) << result.errors;
        return json::parse(result.output);
    }
    void expect_usage_error(const std::vector<std::string> &arguments, const std::string &word)
    {
        const auto result = bench(arguments);
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_THAT(result.errors, AllOf(StartsWith("krunctl: error: "), HasSubstr(word), HasSubstr("\nhint: ")));
        EXPECT_EQ(result.output, "");
    }
    Sandbox sandbox;
};

std::vector<std::string> names_in(const json &rows)
{
    std::vector<std::string> names;
    for (const auto &row : rows)
        names.push_back(row.at("name"));
    return names;
}

TEST_F(BenchTest, EveryWayIsMeasuredOrMissingWithAReason)
{
    const auto report = measure({});
    EXPECT_EQ(report.at("schema"), 1);
    EXPECT_EQ(report.at("readings_count"), 300);
    auto names = names_in(report.at("ways"));
    EXPECT_THAT(names, Contains("tsc"));
    for (const auto &missing : report.at("not_usable")) {
        names.push_back(missing.at("name"));
        EXPECT_FALSE(missing.at("reason").get<std::string>().empty());
        EXPECT_TRUE(missing.at("remedy").is_string() && missing.at("scope").is_string());
    }
    for (const char *way : {"device", "calls", "perf", "msr", "tsc"})
        EXPECT_THAT(std::count(names.begin(), names.end(), way), 2) << way; // CPUs and thread
    EXPECT_THAT(names_in(report.at("baselines")), ElementsAre("nothing", "clock", "system call"));
}

TEST_F(BenchTest, FiguresAreInOrderAndHaveUnits)
{
    const auto report = measure({"--way", "tsc"});
    ASSERT_EQ(report.at("ways").size(), 2U);
    EXPECT_GT(report.at("machine").at("tsc_hz").get<double>(), 1e8);
    for (const auto *rows : {&report.at("ways"), &report.at("baselines")}) {
        for (const auto &row : *rows) {
            EXPECT_EQ(row.at("readings_count"), 300);
            std::uint64_t counted = 0;
            for (const auto &bucket : row.at("histogram"))
                counted += bucket.at("readings_count").get<std::uint64_t>();
            EXPECT_EQ(counted, 300);
            for (const std::string unit : {"_ticks", "_ns"}) {
                double least = 0;
                for (const std::string figure : {"min", "p50", "p99", "p999", "max"}) {
                    EXPECT_THAT(row.at(figure + unit).get<double>(), Ge(least)) << row.at("name") << figure;
                    least = row.at(figure + unit);
                }
                EXPECT_GT(least, 0);
            }
        }
    }
}

TEST_F(BenchTest, OtherCpusAreCountedIfThereAreAny)
{
    const auto report = measure({"--way", "tsc"});
    const bool alone = report.at("machine").at("online_cpus").size() == 1;
    for (const auto &way : report.at("ways"))
        EXPECT_NE(way.contains("other_cpus"), alone);
}

TEST_F(BenchTest, MeasuresOnTheCpuThatIsNamed) { EXPECT_EQ(measure({"--way", "tsc", "--cpu", "0"}).at("cpu"), 0); }

TEST_F(BenchTest, PrintsTables)
{
    const auto result = bench({"--way", "tsc"});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("\nnanoseconds per reading\nway "), HasSubstr("\nTSC ticks per reading\n"),
                      HasSubstr("\ntsc "), HasSubstr("\nsystem call "), Not(HasSubstr("not usable"))));
}

TEST_F(BenchTest, InAVirtualMachineSaysSo)
{
    const auto report = measure({"--way", "tsc"});
    const bool is_virtual = read_text("/proc/cpuinfo").find(" hypervisor") != std::string::npos;
    EXPECT_EQ(report.at("machine").at("virtual_machine"), is_virtual);
    const auto result = bench({"--way", "tsc", "--html", "page.html"});
    for (const auto &text : {report.value("warning", ""), result.output, read_text(sandbox.root() / "page.html")})
        EXPECT_EQ(text.find("measured in a") != std::string::npos, is_virtual);
}

TEST_F(BenchTest, AWayThatIsMissingIsStatusThree)
{
    if (fs::exists("/dev/krun"))
        GTEST_SKIP() << "this machine has /dev/krun";
    const auto result = bench({"--way", "device"});
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors,
                HasSubstr("krunctl: error: nothing can be measured: device, CPUs and thread: this kernel has no Krun "
                          "device"));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
}

TEST_F(BenchTest, WrongUsageIsRefusedBeforeAnythingIsMeasured)
{
    expect_usage_error({"--way", "clairvoyance"}, "clairvoyance");
    expect_usage_error({"--readings", "0"}, "--readings");
    expect_usage_error({"--readings", "many"}, "--readings");
    expect_usage_error({"--cpu", "-1"}, "--cpu");
    expect_usage_error({"--cpu", "4095"}, "CPU 4095");
    expect_usage_error({"--html", ""}, "--html");
    expect_usage_error({"please"}, "please");
}

TEST_F(BenchTest, APageThatCannotBeWrittenIsAnErrorBeforeAnythingIsMeasured)
{
    fs::create_directory(sandbox.root() / "folder");
    write_text(sandbox.root() / "file", "mine");
    for (const char *place : {"folder", "none/page.html", "file/page.html", "/proc/page.html"}) {
        const auto result = bench({"--way", "tsc", "--html", place});
        EXPECT_EQ(result.status, 4) << place;
        EXPECT_EQ(result.output, "") << place;
        EXPECT_THAT(result.errors, StartsWith(std::string("krunctl: error: cannot write ") + place)) << place;
    }
    EXPECT_EQ(read_text(sandbox.root() / "file"), "mine");
}

TEST_F(BenchTest, APageThatIsNotWrittenCompletelyIsAnErrorAndTheTablesAreThere)
{
    const auto result = bench({"--way", "tsc", "--html", "/dev/full"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.output, HasSubstr("\ntsc "));
    EXPECT_THAT(result.errors, HasSubstr("/dev/full"));
}

TEST_F(BenchTest, APageReplacesAnOlderOne)
{
    write_text(sandbox.root() / "pages/page.html", "old");
    EXPECT_EQ(bench({"--way", "tsc", "--html", "pages/page.html"}).status, 0);
    EXPECT_THAT(read_text(sandbox.root() / "pages/page.html"), StartsWith("<!DOCTYPE html>"));
    EXPECT_EQ(std::distance(fs::directory_iterator(sandbox.root() / "pages"), fs::directory_iterator()), 1);
}

TEST_F(BenchTest, CtrlCEndsItWithoutAPage)
{
    write_text(sandbox.root() / "pages/page.html", "old");
    const auto result =
        sandbox.run({"sh", "-c",
                     "env --default-signal=INT \"$0\" bench --readings 1000000 --all-counters --html pages/page.html "
                     "2>errors & pid=$!; "
                     "while kill -0 $pid && ! grep -q measuring errors; do sleep 0.01; done; kill -INT $pid; wait $pid",
                     KRUNCTL});
    EXPECT_EQ(result.status, 130);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(read_text(sandbox.root() / "errors"), HasSubstr("krunctl: error: interrupted"));
    EXPECT_EQ(read_text(sandbox.root() / "pages/page.html"), "old");
    EXPECT_EQ(std::distance(fs::directory_iterator(sandbox.root() / "pages"), fs::directory_iterator()), 1);
}

// A browser with a page that krunctl has written, as a reader would open it.
class BenchPageTest : public BenchTest
{
  protected:
    static constexpr const char *policy = "<meta http-equiv=\"Content-Security-Policy\" "
                                          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";

    void SetUp() override
    {
        if (access("/usr/bin/chromium", X_OK) != 0)
            GTEST_SKIP() << "the package chromium is not installed";
        sandbox.environment["HOME"] = sandbox.root().string();
        ASSERT_EQ(bench({"--html", "page.html"}).status, 0);
    }
    // The page when it is complete; its complaints are in `errors`.
    ProcessResult show(const std::string &page, int width = 1120)
    {
        return sandbox.run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                            "--no-first-run", "--disable-background-networking", "--disable-component-update",
                            "--disable-sync", "--enable-logging=stderr",
                            "--user-data-dir=" + (sandbox.root() / "profile").string(),
                            "--window-size=" + std::to_string(width) + ",900", "--dump-dom",
                            "file://" + (sandbox.root() / page).string()});
    }
    // A copy of the page that may have a script, which goes to its end.
    void write_with_script(const std::string &name, const std::string &script)
    {
        auto text = read_text(sandbox.root() / "page.html");
        const auto head = text.find(policy);
        ASSERT_NE(head, std::string::npos);
        text.erase(head, std::string(policy).size());
        text.insert(text.find("</body>"), "<script>" + script + "</script>");
        write_text(sandbox.root() / name, text);
    }
};

TEST_F(BenchPageTest, OpensWithoutAComplaint)
{
    const auto shown = show("page.html");
    EXPECT_EQ(shown.status, 0) << shown.errors;
    EXPECT_THAT(shown.errors, Not(HasSubstr("CONSOLE")));
    EXPECT_THAT(shown.output, AllOf(HasSubstr("<svg"), HasSubstr("tsc, thread: 300 readings"), HasSubstr("</html>")));
}

// Or the test above could not fail.
TEST_F(BenchPageTest, ComplaintsAreSeen)
{
    write_with_script("broken.html", "no_such_function()");
    EXPECT_THAT(show("broken.html").errors, HasSubstr("CONSOLE"));
    auto text = read_text(sandbox.root() / "page.html");
    text.insert(text.find("</body>"), "<img src=\"http://127.0.0.1:9/\">");
    write_text(sandbox.root() / "network.html", text);
    EXPECT_THAT(show("network.html").errors, HasSubstr("CONSOLE"));
}

TEST_F(BenchPageTest, FitsWindowsOfAnyWidth)
{
    // Text of a plot that is cut off, and rows of text that lie over each other.
    write_with_script("measured.html", R"(
let outside = 0, overlap = 0;
for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.viewBox.baseVal, boxes = [...svg.querySelectorAll('text')].map(text => text.getBBox());
    for (const box of boxes)
        outside += box.x < 0 || box.y < 0 || box.x + box.width > frame.width || box.y + box.height > frame.height;
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => overlap +=
        a.x < b.x + b.width && b.x < a.x + a.width && a.y + 2 < b.y + b.height && b.y + 2 < a.y + a.height));
}
const wide = document.documentElement.scrollWidth > innerWidth;
document.body.dataset.found = `outside ${outside}, overlap ${overlap}, wide ${wide}`;
)");
    for (const int width : {1120, 600})
        EXPECT_THAT(show("measured.html", width).output, HasSubstr("data-found=\"outside 0, overlap 0, wide false\""));
}

} // namespace
} // namespace krun
