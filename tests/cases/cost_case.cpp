// SPDX-License-Identifier: MIT
// What readings may cost on a kernel, in guest instructions.
//
// Theory: under -icount a guest's instructions are counted exactly, whatever the host does. With one CPU two runs must
// agree to the last instruction, or they prove nothing. With more CPUs the order in which they run is the testbed's,
// and so the limits leave room.
#include <fmt/format.h>
#include <vector>

#include "cases/case.hpp"
#include "cases/line_judges.hpp"
#include "cases/stock_module.hpp"
#include "machine/guest_run.hpp"
#include "report/cost_report.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

// Of the same kernel.
struct RatioLimit {
    const char *way;
    const char *base;
    double most;
};

struct CountLimit {
    const char *figure;
    std::uint64_t least;
    std::uint64_t most;
};

// Of one CPU.
const std::vector<RatioLimit> ratio_limits = {
    {"krun", "null", 1.35}, {"sample", "null", 1.30}, {"ioctl", "null", 1.60}};

// Of one CPU, in instructions above another way, or above nothing.
struct DifferenceLimit {
    const char *way;
    const char *above; // null: nothing
    std::uint64_t most;
};

// What costs are limited of one kernel.
struct CostLimits {
    std::vector<RatioLimit> ratios;           // of one CPU
    std::vector<DifferenceLimit> differences; // of one CPU
    std::vector<CountLimit> counts;           // of four
    std::vector<CountLimit> side_by_side;
    std::vector<RatioLimit> side_by_side_ratios;
};

const std::vector<DifferenceLimit> difference_limits = {{"library-call", "sample", 32},
                                                        {"library-begin", "sample", 30},
                                                        {"library-end", "sample", 30},
                                                        {"library-in-place", nullptr, 40}};

// Of four CPUs, three of them idle; interrupts are those of 100 samples, and now and then the kernel has one of its
// own.
const std::vector<CountLimit> count_limits = {{"sample", 1, 3200},
                                              {"snapshot", 1, 1000},
                                              {"gap-snapshot", 1, 1000},
                                              {"interrupts-snapshot", 0, 30},
                                              {"interrupts-sample", 300, 330},
                                              {"interrupts-krun", 300, 330}};

// The same guest, its CPUs nearly side by side: only there does one see soon enough what another has done to be on time
// at a rendezvous. The skew cannot be less than what the three others do in their turns.
constexpr unsigned short_turn = 50;
const std::vector<CountLimit> side_by_side_limits = {
    {"late-rendezvous", 0, 5}, {"skew-rendezvous", 1, 200}, {"skew-sample", 201, 2000}};

const CostLimits limits_of_patched = {ratio_limits, difference_limits, count_limits, side_by_side_limits, {}};

// Of kernels that are built from a person's own source, the null system call is no measure: it takes 93 instructions in
// 4.14 and 191 in 6.18. What a reading takes above it differs less. Those before 5.8 have no vector of ours.
const std::vector<DifferenceLimit> differences_of_source = {{"krun", "null", 100},
                                                            {"sample", "null", 70},
                                                            {"ioctl", "null", 150},
                                                            {"library-call", "sample", 32},
                                                            {"library-begin", "sample", 30},
                                                            {"library-end", "sample", 30},
                                                            {"library-in-place", nullptr, 40}};

CostLimits limits_of_source(bool has_vector)
{
    CostLimits limits{{}, differences_of_source, count_limits, side_by_side_limits, {}};
    limits.counts.front().most = has_vector ? 3600 : 6500;
    return limits;
}

// The module's samples are function calls, and beside them there is a function call that does nothing. On a kernel of
// Debian's, each takes more than on the small one.
const CostLimits limits_of_module = {
    {{"ioctl", "null", 2.0}},
    {{"library-call", "ioctl", 35},
     {"library-begin", "ioctl", 30},
     {"library-end", "ioctl", 30},
     {"library-in-place", nullptr, 40}},
    {{"snapshot", 1, 1500}, {"gap-snapshot", 1, 1000}, {"interrupts-snapshot", 0, 30}, {"interrupts-sample", 300, 330}},
    {{"late-rendezvous", 0, 5}, {"skew-rendezvous", 1, 250}},
    {{"sample", "bare-call", 1.25}}};

// Debian's 5.10 has a shorter null system call (no random offset of the stack, no tracking of where a CPU executes),
// and an ioctl that takes as many instructions above it.
CostLimits limits_of_module_on_510()
{
    CostLimits limits = limits_of_module;
    limits.ratios = {{"ioctl", "null", 2.25}};
    return limits;
}

// What is measured: a kernel, and modules that it needs.
struct CostGuests {
    MachineRequest alone;
    MachineRequest taking_turns;
    MachineRequest side_by_side;
};

Result<CostGuests> counted_guests(const Case &one, const std::filesystem::path &image,
                                  const std::vector<std::filesystem::path> &modules)
{
    const auto guest = [&](const std::string &benchmark, unsigned cpus) -> Result<MachineRequest> {
        const auto program = TRY(private_program(one.files, benchmark));
        MachineRequest request = test_guest(image);
        request.cpus = cpus;
        request.icount = true;
        request.copy_in = {{program, "/benchmark"}};
        request.command = {"/benchmark"};
        if (modules.empty())
            return request;
        request.memory_mib = memory_of_stock_kernels;
        return with_modules(std::move(request), modules);
    };
    auto alone = TRY(guest("read_cost", 1));
    auto taking_turns = TRY(guest("sample_cost", 4));
    CostGuests guests{std::move(alone), taking_turns, taking_turns};
    guests.side_by_side.icount_turn = short_turn;
    return guests;
}

void test_ratio(const std::vector<WayCost> &costs, const RatioLimit &limit, Tally &tally)
{
    const auto cost = cost_of(costs, limit.way);
    const auto base = cost_of(costs, limit.base);
    const double ratio = cost && base && *base != 0 ? static_cast<double>(*cost) / static_cast<double>(*base) : 0;
    const auto name = fmt::format("cost of {} in {}", limit.way, limit.base);
    if (ratio > 0 && ratio <= limit.most)
        tally.pass(name);
    else
        tally.fail(fmt::format("{}\n{:.2f}, at most {:.2f} allowed\n{}", name, ratio, limit.most,
                               cost_table(costs, "guest instructions")));
}

void test_difference(const std::vector<WayCost> &costs, const DifferenceLimit &limit, Tally &tally)
{
    const auto cost = cost_of(costs, limit.way);
    const auto base = limit.above == nullptr ? std::optional<std::uint64_t>(0) : cost_of(costs, limit.above);
    const auto name = limit.above == nullptr ? fmt::format("cost of {}", limit.way)
                                             : fmt::format("cost of {} above {}", limit.way, limit.above);
    if (cost && base && *cost <= *base + limit.most)
        tally.pass(name);
    else
        tally.fail(fmt::format("{}\nat most {} instructions allowed\n{}", name, limit.most,
                               cost_table(costs, "guest instructions")));
}

Result<Tally> test_one_cpu(const Case &one, const MachineRequest &guest, const CostLimits &limits)
{
    const auto first = TRY(run_guest(one, guest));
    const auto second = TRY(run_guest(one, guest));
    const auto costs = TRY(parse_costs(first.output));
    Tally tally;
    if (first.status == 0 && costs_agree(costs, TRY(parse_costs(second.output))))
        tally.pass("cost of a reading: the same in two runs");
    else
        tally.fail("cost of a reading: the same in two runs\n" + first.output + second.output);
    for (const RatioLimit &limit : limits.ratios)
        test_ratio(costs, limit, tally);
    for (const DifferenceLimit &limit : limits.differences)
        test_difference(costs, limit, tally);
    return tally;
}

Result<Tally> test_four_cpus(const Case &one, const MachineRequest &guest, const std::vector<CountLimit> &limits,
                             const std::vector<RatioLimit> &ratios)
{
    const auto run = TRY(run_guest(one, guest));
    const auto costs = TRY(parse_costs(run.output));
    Tally tally;
    for (const CountLimit &limit : limits) {
        const auto name = fmt::format("four CPUs{}: {}", guest.icount_turn == 0 ? "" : " side by side", limit.figure);
        const auto count = cost_of(costs, limit.figure);
        if (count && *count >= limit.least && *count <= limit.most)
            tally.pass(name);
        else
            tally.fail(fmt::format("{}\nnot within {} and {}:\n{}", name, limit.least, limit.most, run.output));
    }
    for (const RatioLimit &limit : ratios)
        test_ratio(costs, limit, tally);
    return tally;
}

Result<CaseResult> judge_costs(const Case &one, const CostGuests &guests, const CostLimits &limits)
{
    CaseInputs inputs;
    inputs.add_guest(guests.alone).add_guest(guests.taking_turns).add_guest(guests.side_by_side);
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        const auto of_one = TRY(test_one_cpu(one, guests.alone, limits));
        const auto turns = TRY(test_four_cpus(one, guests.taking_turns, limits.counts, {}));
        const auto beside =
            TRY(test_four_cpus(one, guests.side_by_side, limits.side_by_side, limits.side_by_side_ratios));
        result.tally = of_one;
        result.tally += turns;
        result.tally += beside;
        return result;
    });
}

} // namespace

Result<CaseResult> run_cost_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    const auto guests = TRY(counted_guests(one, kernel->folder / "vmlinuz", {}));
    return judge_costs(one, guests,
                       one.sources.contains(one.line) ? limits_of_source(has_hook(one, *kernel, "vector"))
                                                      : limits_of_patched);
}

Result<CaseResult> run_module_cost_case(const Case &one)
{
    const auto built = built_module(one);
    if (!built)
        return not_run(built.error().message);
    auto modules = built->modules;
    modules.push_back(built->bare_call);
    const auto guests = TRY(counted_guests(one, built->image, modules));
    return judge_costs(one, guests, one.line == "5.10" ? limits_of_module_on_510() : limits_of_module);
}

} // namespace krun
