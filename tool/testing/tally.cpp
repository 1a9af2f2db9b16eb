// SPDX-License-Identifier: MIT
#include "testing/tally.hpp"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/text.hpp"

namespace krun
{

namespace
{

bool begins_with(const std::string &text, const std::string &start) { return text.rfind(start, 0) == 0; }

// "1..N" as N.
unsigned plan_of(const std::string &line)
{
    unsigned number = 0;
    const std::string count = line.substr(3);
    std::from_chars(count.data(), count.data() + count.size(), number);
    return number;
}

} // namespace

void Tally::fail(std::string name)
{
    failed++;
    failures.push_back(std::move(name));
}

void Tally::skip(std::string name)
{
    skipped++;
    skips.push_back(std::move(name));
}

Tally &Tally::operator+=(const Tally &other)
{
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
    skips.insert(skips.end(), other.skips.begin(), other.skips.end());
    return *this;
}

Tally tally_of_tap(const std::string &name, const std::string &output)
{
    Tally tally;
    unsigned planned = 0;
    unsigned seen = 0;
    for (const std::string &line : lines_of(output)) {
        const bool good = begins_with(line, "ok ");
        const bool bad = begins_with(line, "not ok ");
        if (begins_with(line, "1..")) {
            planned += plan_of(line);
        } else if (good || bad) {
            seen++;
            const std::string test = name + ": " + trim(line.substr(good ? 3 : 7));
            if (bad)
                tally.fail(test);
            else if (line.find("# SKIP") != std::string::npos)
                tally.skip(test);
            else
                tally.pass();
        }
    }
    if (planned == 0)
        tally.fail(name + ": no test was run");
    for (; seen < planned; seen++)
        tally.fail(name + ": a planned test did not report");
    return tally;
}

Result<Tally> tally_of_gtest(const std::string &json)
{
    Tally tally;
    try {
        const auto report = nlohmann::json::parse(json);
        for (const auto &suite : report.at("testsuites"))
            for (const auto &test : suite.at("testsuite")) {
                const std::string name =
                    fmt::format("{}.{}", suite.at("name").get<std::string>(), test.at("name").get<std::string>());
                if (test.contains("failures"))
                    tally.fail(name);
                else if (test.at("result") == "SKIPPED")
                    tally.skip(name);
                else if (test.at("status") == "RUN")
                    tally.pass();
            }
    } catch (const nlohmann::json::exception &error) {
        return failure(std::string("the test program's report is not readable: ") + error.what());
    }
    return tally;
}

std::string summary(const Tally &tally)
{
    std::string text = fmt::format("{} passed, {} failed", tally.passed, tally.failed);
    if (tally.skipped != 0)
        text += fmt::format(", {} skipped", tally.skipped);
    return text;
}

} // namespace krun
