// SPDX-License-Identifier: MIT
#include "host/read_costs.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace krun
{
namespace
{

constexpr unsigned warm_up_readings = 16;
constexpr unsigned parts = 1000;
constexpr unsigned parts_of_rounds = 600; // the rest is for the windows

struct Subject {
    CostSubject *subject = nullptr;
    std::uint64_t typical = 1;  // ticks of a reading
    std::uint64_t readings = 0; // that it will take
    std::vector<std::uint64_t> ticks;
    int error = 0;

    // False when there is no reading any more.
    bool take()
    {
        const Timing timing = subject->take();
        error = timing.error;
        if (error == 0)
            ticks.push_back(timing.ticks);
        return error == 0;
    }
};

std::uint64_t affordable(std::uint64_t wanted, std::uint64_t most_ticks, std::uint64_t typical)
{
    return most_ticks == 0 ? wanted : std::clamp<std::uint64_t>(most_ticks / typical, 1, wanted);
}

// The first readings fill caches, and say how many more there is time for.
void warm_up(Subject &one, const CostPlan &plan)
{
    for (unsigned reading = 0; reading < warm_up_readings; reading++)
        if (!one.take())
            return;
    std::sort(one.ticks.begin(), one.ticks.end());
    one.typical = std::max<std::uint64_t>(quantile(one.ticks, 50), 1);
    one.readings = affordable(plan.readings, plan.most_ticks, one.typical);
    one.ticks.assign(one.readings, 0); // its pages are touched now, and not between readings
    one.ticks.clear();
}

// Whether a subject with fewer readings than there are rounds takes part in this one.
bool has_a_turn(std::uint64_t round, std::uint64_t readings, std::uint64_t rounds)
{
    return (round + 1) * readings / rounds > round * readings / rounds;
}

class CostMeasurement
{
  public:
    CostMeasurement(CostMachine &machine, const std::vector<std::unique_ptr<CostSubject>> &subjects,
                    const CostPlan &plan, const std::function<void(unsigned)> &done)
        : machine_(machine), plan_(plan), done_(done)
    {
        for (const auto &subject : subjects)
            subjects_.push_back({subject.get(), 1, 0, {}, 0});
    }

    Result<std::vector<ReadCost>> run()
    {
        for (Subject &one : subjects_)
            warm_up(one, plan_);
        if (!take_rounds())
            return interrupted();
        std::vector<ReadCost> costs;
        for (Subject &one : subjects_)
            costs.push_back(
                {distribution_of(one.ticks), one.error == 0 && one.readings < plan_.readings, one.error, {}});
        if (!count_interrupts(costs))
            return interrupted();
        return costs;
    }

  private:
    bool take_rounds()
    {
        std::vector<std::size_t> order(subjects_.size());
        std::iota(order.begin(), order.end(), 0);
        std::mt19937 shuffling; // the same order in every run
        for (std::uint64_t round = 0; round < plan_.readings; round++) {
            if (machine_.stop_requested())
                return false;
            std::shuffle(order.begin(), order.end(), shuffling);
            for (const std::size_t at : order) {
                Subject &one = subjects_[at];
                if (one.error == 0 && has_a_turn(round, one.readings, plan_.readings))
                    one.take();
            }
            tell(round + 1, plan_.readings, 0, parts_of_rounds);
        }
        return true;
    }

    bool count_interrupts(std::vector<ReadCost> &costs)
    {
        std::uint64_t windows = 0;
        for (unsigned window = 0; window < plan_.windows && !plan_.other_cpus.empty(); window++) {
            for (std::size_t at = 0; at < subjects_.size(); at++) {
                if (machine_.stop_requested())
                    return false;
                if (subjects_[at].error == 0)
                    count_window(subjects_[at], costs[at].others);
                tell(++windows, plan_.windows * subjects_.size(), parts_of_rounds, parts);
            }
        }
        return true;
    }

    void count_window(Subject &one, std::optional<OtherCpus> &others)
    {
        const auto readings =
            affordable(std::max<std::uint64_t>(one.readings / plan_.windows, 1), plan_.window_ticks, one.typical);
        const auto before = machine_.interrupts();
        const auto begin = machine_.ticks();
        for (std::uint64_t reading = 0; reading < readings; reading++)
            one.subject->take();
        const auto lasted = machine_.ticks() - begin;
        const auto between = machine_.interrupts();
        machine_.spin(lasted);
        const auto after = machine_.interrupts();
        if (!before || !between || !after)
            return;
        if (!others)
            others.emplace();
        others->readings += readings;
        others->ticks += lasted;
        add_growth(others->rows, *before, *between);
        add_growth(others->control, *between, *after);
    }

    void add_growth(std::vector<InterruptRow> &rows, const std::string &before, const std::string &after) const
    {
        for (const int cpu : plan_.other_cpus)
            add_rows(rows, grown_rows(interrupt_rows(before, cpu), interrupt_rows(after, cpu)));
    }

    // Only when the number changes.
    void tell(std::uint64_t done, std::uint64_t all, unsigned from, unsigned to)
    {
        const auto part = from + static_cast<unsigned>(done * (to - from) / all);
        if (part != told_)
            done_(part);
        told_ = part;
    }

    CostMachine &machine_;
    const CostPlan &plan_;
    const std::function<void(unsigned)> &done_;
    std::vector<Subject> subjects_;
    unsigned told_ = 0;
};

double per_reading(const std::vector<InterruptRow> &rows, std::uint64_t readings)
{
    const auto sum = std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                                     [](std::uint64_t before, const InterruptRow &row) { return before + row.count; });
    return readings == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(readings);
}

} // namespace

double OtherCpus::during() const { return per_reading(rows, readings); }

double OtherCpus::otherwise() const { return per_reading(control, readings); }

Result<std::vector<ReadCost>> measure_read_costs(CostMachine &machine,
                                                 const std::vector<std::unique_ptr<CostSubject>> &subjects,
                                                 const CostPlan &plan, const std::function<void(unsigned)> &done)
{
    return CostMeasurement(machine, subjects, plan, done).run();
}

} // namespace krun
