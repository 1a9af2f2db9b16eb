// SPDX-License-Identifier: MIT
#include "report/tally.hpp"

#include <charconv>

#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

// "1..N" as N.
unsigned plan_of(const std::string &line)
{
    unsigned number = 0;
    const std::string count = line.substr(3);
    std::from_chars(count.data(), count.data() + count.size(), number);
    return number;
}

} // namespace

void Tally::pass(std::string name)
{
    passed++;
    if (!name.empty())
        passes.push_back(std::move(name));
}

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
    passes.insert(passes.end(), other.passes.begin(), other.passes.end());
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
    skips.insert(skips.end(), other.skips.begin(), other.skips.end());
    return *this;
}

Tally tally_of_tap(const std::string &name, const std::string &output)
{
    Tally tally;
    unsigned planned = 0;  // by all plans so far
    unsigned expected = 0; // results of the plan in force, and those that have come
    unsigned seen = 0;
    const auto finish_plan = [&] {
        for (; seen < expected; seen++)
            tally.fail(fmt::format("{}: test {} of {} did not report", name, seen + 1, expected));
    };
    for (const std::string &line : lines_of(output)) {
        const bool good = line.starts_with("ok ");
        const bool bad = line.starts_with("not ok ");
        if (line.starts_with("1..")) {
            finish_plan();
            seen = expected == 0 ? seen : 0; // a plan may also stand at the end
            expected = plan_of(line);
            planned += expected;
        } else if (good || bad) {
            seen++;
            const std::string test = name + ": " + printable(trim(line.substr(good ? 3 : 7)));
            if (bad)
                tally.fail(test);
            else if (line.find("# SKIP") != std::string::npos)
                tally.skip(test);
            else
                tally.pass(test);
        }
    }
    if (planned == 0)
        tally.fail(name + ": no test was run");
    finish_plan();
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
