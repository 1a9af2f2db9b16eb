// SPDX-License-Identifier: MIT
// What readings may cost on a kernel, in guest instructions.
//
// Theory: under -icount a guest's instructions are counted exactly, whatever the host does. With one CPU two runs must
// agree to the last instruction, or they prove nothing. With more CPUs the order in which they run is the testbed's,
// and so the limits leave room.
#include <fmt/format.h>
#include <vector>

#include "cases/case.hpp"
#include "report/cost_report.hpp"
#include "util/paths.hpp"

namespace krun
{

namespace
{

struct RatioLimit {
    const char *way;
    double null_calls; // of the same kernel
};

struct CountLimit {
    const char *figure;
    std::uint64_t least;
    std::uint64_t most;
};

// Of one CPU.
const std::vector<RatioLimit> ratio_limits = {{"krun", 1.35}, {"sample", 1.30}, {"ioctl", 1.60}};

// Of one CPU, in instructions above another way, or above nothing.
struct DifferenceLimit {
    const char *way;
    const char *above; // null: nothing
    std::uint64_t most;
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

MachineRequest counted_guest(const BuiltKernel &kernel, const std::filesystem::path &program, unsigned cpus)
{
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.cpus = cpus;
    guest.icount = true;
    guest.copy_in = {{program, "/benchmark"}};
    guest.command = {"/benchmark"};
    return guest;
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

Result<Tally> test_one_cpu(const Case &one, const MachineRequest &guest)
{
    const auto first = run_guest(one, guest);
    if (!first)
        return tl::unexpected(first.error());
    const auto second = run_guest(one, guest);
    if (!second)
        return tl::unexpected(second.error());
    Tally tally;
    if (first->status == 0 && first->output == second->output)
        tally.pass("cost of a reading: the same in two runs");
    else
        tally.fail("cost of a reading: the same in two runs\n" + first->output + second->output);
    const auto costs = parse_costs(first->output);
    if (!costs)
        return tl::unexpected(costs.error());
    for (const RatioLimit &limit : ratio_limits) {
        const auto ratio = ratio_to_null(*costs, limit.way);
        if (ratio && *ratio <= limit.null_calls)
            tally.pass(fmt::format("cost of {}", limit.way));
        else
            tally.fail(fmt::format("cost of {}\n{:.2f} null system calls, at most {:.2f} allowed\n{}", limit.way,
                                   ratio.value_or(0), limit.null_calls, cost_table(*costs, "guest instructions")));
    }
    for (const DifferenceLimit &limit : difference_limits)
        test_difference(*costs, limit, tally);
    return tally;
}

Result<Tally> test_four_cpus(const Case &one, const MachineRequest &guest, const std::vector<CountLimit> &limits)
{
    const auto run = run_guest(one, guest);
    if (!run)
        return tl::unexpected(run.error());
    const auto costs = parse_costs(run->output);
    if (!costs)
        return tl::unexpected(costs.error());
    Tally tally;
    for (const CountLimit &limit : limits) {
        const auto name = fmt::format("four CPUs{}: {}", guest.icount_turn == 0 ? "" : " side by side", limit.figure);
        const auto count = cost_of(*costs, limit.figure);
        if (count && *count >= limit.least && *count <= limit.most)
            tally.pass(name);
        else
            tally.fail(fmt::format("{}\nnot within {} and {}:\n{}", name, limit.least, limit.most, run->output));
    }
    return tally;
}

} // namespace

Result<CaseResult> run_cost_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    const auto read_cost = private_program(one.files, "read_cost");
    if (!read_cost)
        return tl::unexpected(read_cost.error());
    const auto sample_cost = private_program(one.files, "sample_cost");
    if (!sample_cost)
        return tl::unexpected(sample_cost.error());
    const auto alone = counted_guest(*kernel, *read_cost, 1);
    const auto taking_turns = counted_guest(*kernel, *sample_cost, 4);
    auto side_by_side = taking_turns;
    side_by_side.icount_turn = short_turn;
    CaseInputs inputs;
    inputs.add_guest(alone).add_guest(taking_turns).add_guest(side_by_side);
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        const auto of_one = test_one_cpu(one, alone);
        if (!of_one)
            return tl::unexpected(of_one.error());
        result.tally = *of_one;
        for (const auto &[guest, limits] :
             {std::pair{taking_turns, count_limits}, {side_by_side, side_by_side_limits}}) {
            const auto more = test_four_cpus(one, guest, limits);
            if (!more)
                return tl::unexpected(more.error());
            result.tally += *more;
        }
        return result;
    });
}

} // namespace krun
