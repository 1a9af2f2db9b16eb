// SPDX-License-Identifier: MIT
// What a test run does; see tier_plan.hpp.
//
// Theory: the quick ones first. What needs no kernel comes before all that does, and every line's sources are looked at
// before the first guest is booted for a long time.
#include "testing/tier_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace krun
{

namespace
{

// Where one line does, it is the one people start with: for the tool's own boots, which are the same with every kernel,
// and every day for the fuzzer, whose kernel takes long to compile.
constexpr const char *usual_line = "6.12";

constexpr const char *tier_of_kernels = "kernel";

bool contains(const std::vector<std::string> &all, const std::string &one)
{
    return std::find(all.begin(), all.end(), one) != all.end();
}

std::vector<std::string> names_of(const std::vector<KernelLine> &lines)
{
    std::vector<std::string> names;
    for (const KernelLine &line : lines)
        names.push_back(line.name);
    return names;
}

} // namespace

const std::vector<std::string> &tier_names()
{
    static const std::vector<std::string> names = {"unit",    "command", "model", "style", "package", "kernel",
                                                   "machine", "install", "fuzz",  "race",  "e2e"};
    return names;
}

Result<std::vector<std::string>> tiers_without_clone(const std::vector<std::string> &wanted)
{
    for (const std::string &tier : wanted)
        if (tier != tier_of_kernels)
            return host_lacks(fmt::format("the tests of the tier {} are not in this installation", tier),
                              "run ./krun test in a clone of the project");
    return std::vector<std::string>{tier_of_kernels};
}

Result<std::vector<KernelLine>> choose_lines(const std::vector<KernelLine> &known,
                                             const std::vector<std::string> &wanted)
{
    const auto names = names_of(known);
    for (const std::string &name : wanted)
        if (!contains(names, name))
            return usage_error(fmt::format("there is no kernel line {}", name),
                               fmt::format("the lines that we have patched: {}", fmt::join(names, ", ")));
    std::vector<KernelLine> chosen;
    for (const KernelLine &line : known)
        if (wanted.empty() || contains(wanted, line.name))
            chosen.push_back(line);
    return chosen;
}

std::vector<TierStep> plan_tiers(const std::vector<std::string> &lines, const std::vector<std::string> &tiers)
{
    std::vector<TierStep> steps;
    const auto add = [&](const std::string &tier, const std::vector<std::string> &of_lines) {
        if (tiers.empty() || contains(tiers, tier))
            for (const std::string &line : of_lines)
                steps.push_back({tier, line});
    };
    const std::vector<std::string> once = {""};
    for (const char *tier : {"unit", "command", "model", "style", "package"})
        add(tier, once);
    add("style", lines);
    add(tier_of_kernels, lines);
    std::vector<std::string> one;
    if (!lines.empty())
        one.emplace_back(contains(lines, usual_line) ? usual_line : lines.back());
    add("machine", one);
    add("install", once);
    add("fuzz", contains(tiers, "fuzz") ? lines : one);
    // These take too long for every day: only when they are asked for.
    if (contains(tiers, "race"))
        add("race", lines);
    if (contains(tiers, "e2e"))
        add("e2e", once);
    return steps;
}

std::optional<std::chrono::minutes> latest_start(const std::string &tier)
{
    if (tier == "install")
        return std::chrono::minutes{58};
    if (tier == "fuzz")
        return std::chrono::minutes{64};
    return {};
}

} // namespace krun
