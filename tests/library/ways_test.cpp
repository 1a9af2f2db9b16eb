// SPDX-License-Identifier: MIT
// The same work, read in every way that there is: all must agree.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <time.h>
#include <vector>

#include <krun/counters.hpp>

#include "bound_thread.hpp"

namespace
{

constexpr double seconds_of_work = 1;

struct Way {
    krunc_way way;
    krunc_scope scope;
};

struct Reader {
    std::string name;
    krunc::Session session;
    krunc::Sample before;
    krunc::Sample after;
};

class Ways : public testing::Test
{
  protected:
    // To the last CPU that is allowed, which is an adaptive-tick one where there are any.
    void SetUp() override
    {
        ASSERT_FALSE(thread_.cpus().empty());
        cpu_ = static_cast<int>(thread_.cpus().back());
        ASSERT_TRUE(thread_.to(thread_.cpus().back()));
        for (const Way way : {Way{KRUNC_WAY_DEVICE, KRUNC_SCOPE_CPUS}, Way{KRUNC_WAY_DEVICE, KRUNC_SCOPE_THREAD},
                              Way{KRUNC_WAY_CALLS, KRUNC_SCOPE_CPUS}, Way{KRUNC_WAY_PERF, KRUNC_SCOPE_CPUS},
                              Way{KRUNC_WAY_PERF, KRUNC_SCOPE_THREAD}, Way{KRUNC_WAY_MSR, KRUNC_SCOPE_CPUS},
                              Way{KRUNC_WAY_MSR, KRUNC_SCOPE_THREAD}})
            add(way);
        if (readers_.size() < 2)
            GTEST_SKIP() << "fewer than two ways count here";
    }

    void add(Way way)
    {
        krunc::Options options;
        options.scope = way.scope;
        options.ways = 1U << way.way;
        options.counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES;
        if (way.scope == KRUNC_SCOPE_CPUS)
            options.cpus.add(static_cast<unsigned>(cpu_));
        auto session = krunc::Session::open(options);
        if (!session)
            return;
        const auto name =
            std::string(krunc_way_name(way.way)) + (way.scope == KRUNC_SCOPE_CPUS ? " of CPUs" : " of a thread");
        readers_.push_back({name, std::move(*session), {}, {}});
        readers_.back().before = readers_.back().session.make_sample();
        readers_.back().after = readers_.back().session.make_sample();
    }

    // Within one another, so that each has all of the work.
    void work()
    {
        for (auto &reader : readers_)
            ASSERT_FALSE(reader.session.begin(reader.before)) << reader.name;
        timespec start{};
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &start);
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while (static_cast<double>(now.tv_sec - start.tv_sec) + static_cast<double>(now.tv_nsec - start.tv_nsec) / 1e9 <
               seconds_of_work);
        for (auto reader = readers_.rbegin(); reader != readers_.rend(); ++reader)
            ASSERT_FALSE(reader->session.end(reader->after)) << reader->name;
    }

    // A host that stops the virtual machine between two of the readings is no disagreement, and does not do so each
    // time.
    template <class Value> void expect_agreement(double share, Value &&value)
    {
        std::string said;
        for (int attempt = 0; attempt < 5; attempt++) {
            work();
            said.clear();
            std::vector<double> all;
            bool agree = true;
            for (auto &reader : readers_) {
                const auto delta = reader.session.difference(reader.before, reader.after);
                ASSERT_TRUE(delta) << reader.name;
                const std::optional<double> one = value(*delta);
                if (!one)
                    continue;
                all.push_back(*one);
                said += reader.name + ": " + std::to_string(*one) + "\n";
                agree = agree && std::abs(*one - all.front()) <= share * all.front();
            }
            ASSERT_GE(all.size(), 2U);
            if (agree)
                return;
        }
        FAIL() << said;
    }

    std::vector<Reader> readers_;
    int cpu_ = 0;

  private:
    BoundThread thread_;
};

TEST_F(Ways, AgreeAboutCyclesToOneInAHundred)
{
    expect_agreement(0.01, [](const krunc::Delta &delta) -> std::optional<double> {
        const auto cycles = delta.cycles();
        return cycles ? std::optional(static_cast<double>(*cycles)) : std::nullopt;
    });
}

TEST_F(Ways, AgreeAboutTheRatioToOneInAThousand)
{
    expect_agreement(0.001, [](const krunc::Delta &delta) { return delta.ratio(); });
}

} // namespace
