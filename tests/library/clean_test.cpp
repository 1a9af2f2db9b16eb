// SPDX-License-Identifier: MIT
// Where nothing disturbs, nothing is reported: a hundred times of a hundred.
#include <gtest/gtest.h>

#include <string>

#include <sched.h>
#include <time.h>

#include <krun/counters.hpp>

namespace
{

class AdaptiveTickCpu : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_EQ(sched_getaffinity(0, sizeof(allowed_), &allowed_), 0);
        const auto &facts = session_.facts();
        int cpu = -1;
        for (std::uint32_t number = 0; number < facts.possible_cpus && number < CPU_SETSIZE; number++) {
            if (CPU_ISSET(number, &allowed_) && (facts.cpu[number].flags & KRUNC_CPU_NOHZ_FULL) != 0)
                cpu = static_cast<int>(number);
        }
        if (facts.way != KRUNC_WAY_DEVICE || cpu < 0)
            GTEST_SKIP() << "no adaptive-tick CPU, or no /dev/krun";
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    }
    void TearDown() override { sched_setaffinity(0, sizeof(allowed_), &allowed_); }

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

    krunc::Session session_{of_thread()};

  private:
    cpu_set_t allowed_{};
};

// What the host of a virtual machine does to it is a disturbance like any other, and does not come in three hundreds of
// three.
TEST_F(AdaptiveTickCpu, IsCleanAHundredTimesOfAHundred)
{
    compute(1000); // until the tick has stopped
    krunc::Measurement measured(session_);
    std::string disturbed;
    for (int attempt = 0; attempt < 3; attempt++) {
        disturbed.clear();
        for (int i = 0; i < 100; i++) {
            {
                const krunc::Region region(measured);
                compute(50);
            }
            ASSERT_EQ(measured.deltas().size(), 1U) << measured.error().message();
            const auto verdict = session_.judge(measured.deltas().front());
            ASSERT_TRUE(verdict);
            if (verdict->kind() != KRUNC_CLEAN)
                disturbed += std::to_string(i) + ": " + krunc::text(*verdict) + "\n";
        }
        if (disturbed.empty())
            return;
    }
    FAIL() << disturbed;
}

} // namespace
