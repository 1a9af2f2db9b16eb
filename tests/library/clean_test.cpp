// SPDX-License-Identifier: MIT
// Where nothing disturbs, nothing is reported: a hundred times of a hundred.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <time.h>

#include <krun/counters.hpp>

#include "bound_thread.hpp"

namespace
{

class AdaptiveTickCpu : public testing::Test
{
  protected:
    void SetUp() override
    {
        const auto &facts = session_.facts();
        for (const unsigned cpu : thread_.cpus()) {
            if (cpu < facts.possible_cpus && (facts.cpu[cpu].flags & KRUNC_CPU_NOHZ_FULL) != 0)
                cpu_ = static_cast<int>(cpu);
        }
        if (facts.way != KRUNC_WAY_DEVICE || cpu_ < 0)
            GTEST_SKIP() << "no adaptive-tick CPU, or no /dev/krun";
        ASSERT_TRUE(thread_.to(static_cast<unsigned>(cpu_)));
    }

    static krunc::Options of_thread()
    {
        krunc::Options options;
        options.scope = KRUNC_SCOPE_THREAD;
        return options;
    }

    // With the kernel's help only for the clock, which needs no system call.
    static void compute(long milliseconds)
    {
        timespec start{};
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &start);
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < milliseconds);
    }

    // All that the kernel says to have interrupted this CPU, and to have taken it away.
    std::uint64_t evidence() const
    {
        std::ifstream file("/proc/interrupts");
        std::string line;
        std::uint64_t all = 0;
        std::getline(file, line);
        while (std::getline(file, line)) {
            std::istringstream words(line);
            std::string word;
            words >> word;
            for (int column = 0; column <= cpu_ && words >> word; column++) {
                if (column == cpu_) // in the guest every CPU is online and has its column
                    all += std::strtoull(word.c_str(), nullptr, 10);
            }
        }
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        return all + static_cast<std::uint64_t>(usage.ru_nivcsw);
    }

    krunc::Session session_{of_thread()};
    int cpu_ = -1;

  private:
    BoundThread thread_;
};

// A machine on which the tick does not stop, or whose host disturbs it, is rightly not called clean: /proc/interrupts
// and the kernel's count of switches are asked whether it was so.
TEST_F(AdaptiveTickCpu, IsCleanAHundredTimesOfAHundred)
{
    compute(1000); // until the tick has stopped
    krunc::Measurement measured(session_);
    std::string unfounded;
    for (int attempt = 0; attempt < 3; attempt++) {
        bool all_clean = true;
        for (int i = 0; i < 100; i++) {
            const auto before = evidence();
            {
                const krunc::Region region(measured);
                compute(50);
            }
            const auto after = evidence();
            ASSERT_EQ(measured.deltas().size(), 1U) << measured.error().message();
            const auto verdict = session_.judge(measured.deltas().front());
            ASSERT_TRUE(verdict);
            all_clean = all_clean && verdict->kind() == KRUNC_CLEAN;
            if (verdict->kind() != KRUNC_CLEAN && after == before)
                unfounded += std::to_string(i) + ": " + krunc::text(*verdict) + "\n";
        }
        ASSERT_EQ(unfounded, "");
        if (all_clean)
            return;
    }
}

} // namespace
