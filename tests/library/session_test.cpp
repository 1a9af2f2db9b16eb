// SPDX-License-Identifier: MIT
// Sessions on whatever machine this is: what they refuse, what they say, what they leave behind.
#include <gmock/gmock.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <krun/counters.h>

#include "answered_calls.hpp"

namespace
{

using testing::StrNe;

krunc_options options_of(std::uint32_t scope = KRUNC_SCOPE_CPUS)
{
    krunc_options options{};
    options.size = sizeof(options);
    options.scope = scope;
    options.flags = KRUNC_NO_CALIBRATION;
    return options;
}

int open_error(const krunc_options &options)
{
    krunc_session *session = nullptr;
    const int error = krunc_open(&options, &session);
    EXPECT_EQ(error == 0, session != nullptr);
    krunc_close(session);
    return error;
}

std::size_t open_files()
{
    std::size_t count = 0;
    for (const auto &file : std::filesystem::directory_iterator("/proc/self/fd"))
        count += file.path().empty() ? 0 : 1;
    return count;
}

class OpenSession : public testing::Test
{
  protected:
    void open(const krunc_options &options)
    {
        ASSERT_EQ(krunc_open(&options, &session), 0);
        facts.size = sizeof(facts);
        ASSERT_EQ(krunc_get_facts(session, &facts), 0);
        memory_.resize(2 * facts.sample_size / sizeof(std::uint64_t));
        before = reinterpret_cast<krunc_sample *>(memory_.data());
        after = reinterpret_cast<krunc_sample *>(memory_.data() + facts.sample_size / sizeof(std::uint64_t));
    }
    ~OpenSession() override { krunc_close(session); }

    krunc_session *session = nullptr;
    krunc_facts facts{};
    krunc_sample *before = nullptr;
    krunc_sample *after = nullptr;

  private:
    std::vector<std::uint64_t> memory_;
};

TEST(SessionOptions, WithoutAnyAreTheUsualOnes)
{
    krunc_session *session = nullptr;
    EXPECT_EQ(krunc_open(nullptr, &session), 0);
    krunc_close(session);
}

TEST(SessionOptions, ThatMakeNoSenseAreRefused)
{
    EXPECT_EQ(krunc_open(nullptr, nullptr), -EINVAL);
    auto options = options_of();
    options.size = 0;
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of(7);
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of();
    options.ways = 1U << KRUNC_WAYS;
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of();
    options.counters = 1U << 4;
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of();
    options.required = 1U << 10;
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of();
    options.flags = 1U << 0;
    EXPECT_EQ(open_error(options), -EINVAL);
    options = options_of();
    options.events[2].reserved = 1;
    EXPECT_EQ(open_error(options), -EINVAL);
    for (const double ratio : {-1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
        options = options_of();
        options.max_ratio = ratio;
        EXPECT_EQ(open_error(options), -EINVAL);
    }
}

TEST(SessionOptions, ThatALaterLibraryKnowsAreRefusedUnlessTheyAreZero)
{
    struct {
        krunc_options options;
        std::uint64_t later;
    } longer{options_of(), 0};
    longer.options.size = sizeof(longer);
    EXPECT_EQ(open_error(longer.options), 0);
    longer.later = 1;
    EXPECT_EQ(open_error(longer.options), -E2BIG);
}

TEST(SessionOptions, OfAnEarlierCallerAreTaken)
{
    auto options = options_of();
    options.size = offsetof(krunc_options, ways);
    options.ways = 1U << KRUNC_WAYS; // beyond what it knows
    EXPECT_EQ(open_error(options), 0);
}

TEST(SessionOptions, NameCpusThatThereAre)
{
    unsigned char mask[2048] = {};
    auto options = options_of();
    options.cpus = mask;
    EXPECT_EQ(open_error(options), -EINVAL); // a mask without a size
    options.cpus_size = sizeof(mask);
    EXPECT_EQ(open_error(options), -EINVAL); // no CPU
    mask[sizeof(mask) - 1] = 0x80;
    EXPECT_EQ(open_error(options), -EINVAL); // one that no machine has
    mask[sizeof(mask) - 1] = 0;
    mask[0] = 1;
    EXPECT_EQ(open_error(options), 0);
    options.scope = KRUNC_SCOPE_THREAD;
    EXPECT_EQ(open_error(options), -EINVAL); // of a thread there is nothing to choose
    options = options_of();
    options.cpus_size = 8;
    EXPECT_EQ(open_error(options), -EINVAL);
}

TEST(SessionOptions, OfTheDeviceAloneAreAnErrorElsewhere)
{
    for (const unsigned way : {KRUNC_WAY_CALLS, KRUNC_WAY_PERF, KRUNC_WAY_MSR, KRUNC_WAY_TSC}) {
        auto options = options_of();
        options.ways = 1U << way;
        options.flags |= KRUNC_RENDEZVOUS;
        EXPECT_EQ(open_error(options), -EOPNOTSUPP) << krunc_way_name(way);
    }
}

// No machine has an event of a PMU type that nobody has registered.
TEST(SessionOptions, RequireWhatNobodyHas)
{
    const auto files = open_files();
    auto options = options_of(KRUNC_SCOPE_THREAD);
    options.required = KRUNC_EVENT(0);
    options.events[0] = {0x7fffffff, 0, 1};
    EXPECT_LT(open_error(options), 0);
    EXPECT_EQ(open_files(), files); // what the ways had opened by then
}

TEST_F(OpenSession, SaysInWhichWayItReadsAndWhyNotInABetterOne)
{
    open(options_of());
    for (std::uint32_t way = 0; way < facts.way; way++) {
        const int error = facts.way_errors[way];
        EXPECT_LT(error, 0) << krunc_way_name(way);
        EXPECT_THAT(krunc_way_reason(way, error), StrNe("?"));
        EXPECT_THAT(krunc_way_remedy(way, error), StrNe("?"));
    }
    EXPECT_EQ(facts.way_errors[facts.way], 0);
    EXPECT_GT(facts.tsc_hz, 1000000U);
    EXPECT_NE(facts.tsc_source, static_cast<std::uint32_t>(KRUNC_TSC_UNKNOWN));
    EXPECT_GE(facts.tick_hz, 100U);
    EXPECT_LE(facts.tick_hz, 1000U);
}

TEST_F(OpenSession, HasOrMissesEachCounterThatWasWanted)
{
    open(options_of());
    for (unsigned bit = 0; bit < 32; bit++) {
        const std::uint32_t counter = 1U << bit;
        if ((facts.wanted & counter) == 0)
            continue;
        const bool there = (facts.counters & counter) != 0;
        EXPECT_EQ(there, facts.counter_errors[bit] == 0) << krunc_counter_name(counter);
    }
}

TEST_F(OpenSession, HasTheTscAndTheClockOnEveryMachine)
{
    auto options = options_of();
    options.ways = 1U << KRUNC_WAY_TSC;
    options.counters = KRUNC_CLOCK;
    open(options);
    EXPECT_EQ(facts.counters, static_cast<std::uint32_t>(KRUNC_CLOCK));
    ASSERT_EQ(krunc_sample_begin(session, before, facts.sample_size), 0);
    ASSERT_EQ(krunc_sample_end(session, after, facts.sample_size), 0);
    krunc_delta delta{};
    delta.size = sizeof(delta);
    ASSERT_EQ(krunc_difference(&facts, before, after, 0, 0, &delta), 0);
    EXPECT_GT(delta.clock, 0U);
    EXPECT_EQ(delta.derived, static_cast<std::uint32_t>(KRUNC_D_TIME));
    EXPECT_EQ(delta.valid, static_cast<std::uint32_t>(KRUNC_CLOCK));
}

TEST_F(OpenSession, CountsInterruptsFromProcWhereTheWayDoesNot)
{
    auto options = options_of();
    options.ways = 1U << KRUNC_WAY_TSC;
    options.flags |= KRUNC_PROC_INTERRUPTS;
    options.required = KRUNC_INTERRUPTS;
    open(options);
    ASSERT_EQ(krunc_sample_begin(session, before, facts.sample_size), 0);
    // A machine on which no CPU has had any interrupt has not booted.
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < facts.readings; i++) {
        const auto &reading = *krunc_const_reading_at(before, i);
        EXPECT_NE(reading.valid & KRUNC_INTERRUPTS, 0U);
        all += reading.irq_timer + reading.irq_reschedule + reading.irq_call + reading.irq_device;
    }
    EXPECT_GT(all, 0U);
}

TEST_F(OpenSession, DoesNotCountInterruptsThatNobodyWants)
{
    auto options = options_of();
    options.counters = KRUNC_CLOCK;
    options.ways = 1U << KRUNC_WAY_TSC;
    options.flags |= KRUNC_PROC_INTERRUPTS;
    open(options);
    EXPECT_EQ(facts.counters, static_cast<std::uint32_t>(KRUNC_CLOCK));
}

TEST_F(OpenSession, RefusesBadArguments)
{
    open(options_of());
    EXPECT_EQ(krunc_sample_begin(nullptr, before, facts.sample_size), -EINVAL);
    EXPECT_EQ(krunc_sample_begin(session, nullptr, facts.sample_size), -EINVAL);
    EXPECT_EQ(krunc_sample_begin(session, before, facts.sample_size - 1), -EINVAL);
    EXPECT_EQ(krunc_sample_end(nullptr, before, facts.sample_size), -EINVAL);
    EXPECT_EQ(krunc_sample_end(session, nullptr, facts.sample_size), -EINVAL);
    EXPECT_EQ(krunc_sample_end(session, before, facts.sample_size - 1), -EINVAL);
    std::uint64_t value = 7;
    EXPECT_EQ(krunc_read(nullptr, KRUNC_CYCLES, &value), -EINVAL);
    EXPECT_EQ(krunc_read(session, KRUNC_CYCLES, nullptr), -EINVAL);
    EXPECT_EQ(krunc_read(session, 0, &value), -EINVAL);
    EXPECT_EQ(krunc_read(session, KRUNC_CYCLES | KRUNC_APERF, &value), -EINVAL);
    EXPECT_EQ(krunc_read(session, KRUNC_CYCLES, &value), -EOPNOTSUPP); // of CPUs
    EXPECT_EQ(krunc_read(session, 1U << 31, &value), -EOPNOTSUPP);
    EXPECT_EQ(value, 7U);
    krunc_facts unsized{};
    EXPECT_EQ(krunc_get_facts(session, &unsized), -EINVAL);
    EXPECT_EQ(krunc_get_facts(nullptr, &facts), -EINVAL);
    EXPECT_EQ(krunc_get_facts(session, nullptr), -EINVAL);
    krunc_sampler sampler = nullptr;
    EXPECT_EQ(krunc_get_samplers(nullptr, &sampler, &sampler), -EINVAL);
    EXPECT_EQ(krunc_get_samplers(session, nullptr, &sampler), -EINVAL);
    EXPECT_EQ(krunc_get_samplers(session, &sampler, nullptr), -EINVAL);
    krunc_thread_counter counter{};
    EXPECT_EQ(krunc_get_thread_counter(nullptr, KRUNC_CYCLES, &counter), -EINVAL);
    EXPECT_EQ(krunc_get_thread_counter(session, KRUNC_CYCLES, nullptr), -EINVAL);
    EXPECT_EQ(krunc_get_thread_counter(session, 0, &counter), -EINVAL);
    EXPECT_EQ(krunc_get_thread_counter(session, 3, &counter), -EINVAL);
    EXPECT_EQ(krunc_get_thread_counter(session, KRUNC_CYCLES, &counter), -EOPNOTSUPP);
}

// As in a container that hides it. In a process of its own, which has mounts of its own.
TEST(Session, OpensWhereProcInterruptsIsHidden)
{
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("/dev/null", "/proc/interrupts", "none", MS_BIND, nullptr) != 0)
            _exit(77);
        krunc_session *session = nullptr;
        auto options = options_of();
        options.ways = 1U << KRUNC_WAY_TSC;
        options.flags |= KRUNC_PROC_INTERRUPTS;
        krunc_facts facts{};
        facts.size = sizeof(facts);
        if (krunc_open(&options, &session) != 0 || krunc_get_facts(session, &facts) != 0)
            _exit(1);
        const bool said = (facts.counters & KRUNC_INTERRUPTS) == 0 && facts.counter_errors[6] == -EIO;
        krunc_close(session);
        _exit(said ? 0 : 2);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "mounts of its own are not allowed";
    EXPECT_EQ(status, 0);
}

TEST(Session, LeavesNoFileOpen)
{
    const auto files = open_files();
    for (const auto scope : {KRUNC_SCOPE_CPUS, KRUNC_SCOPE_THREAD}) {
        for (std::uint32_t way = 0; way < KRUNC_WAYS; way++) {
            auto options = options_of(scope);
            options.flags |= KRUNC_PROC_INTERRUPTS;
            options.ways = 1U << way;
            open_error(options);
        }
    }
    EXPECT_EQ(open_files(), files);
}

// Each thread has its own: they share nothing.
TEST(Session, OfSeveralThreadsDoNotDisturbEachOther)
{
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int number = 0; number < 4; number++) {
        threads.emplace_back([&good] {
            for (const auto scope : {KRUNC_SCOPE_CPUS, KRUNC_SCOPE_THREAD}) {
                krunc_session *session = nullptr;
                auto options = options_of(scope);
                options.flags |= KRUNC_PROC_INTERRUPTS;
                krunc_facts facts{};
                facts.size = sizeof(facts);
                if (krunc_open(&options, &session) != 0 || krunc_get_facts(session, &facts) != 0)
                    return;
                std::vector<std::uint64_t> memory(2 * facts.sample_size / sizeof(std::uint64_t));
                auto *before = reinterpret_cast<krunc_sample *>(memory.data());
                auto *after = reinterpret_cast<krunc_sample *>(memory.data() + memory.size() / 2);
                krunc_delta delta{};
                delta.size = sizeof(delta);
                const bool worked = krunc_sample_begin(session, before, facts.sample_size) == 0 &&
                                    krunc_sample_end(session, after, facts.sample_size) == 0 &&
                                    krunc_difference(&facts, before, after, 0, 0, &delta) == 0;
                krunc_close(session);
                good += worked ? 1 : 0;
            }
        });
    }
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(good, 8);
}

TEST(Session, OfNothingCanBeClosed) { krunc_close(nullptr); }

// The file is missing, and everything else is there.
long hide_device(unsigned, const Arguments &arguments)
{
    const auto *path = reinterpret_cast<const char *>(arguments[1]);
    if (std::strcmp(path, "/dev/krun") == 0)
        return -ENOENT;
    const long fd = syscall(SYS_open, path, arguments[2], arguments[3]);
    return fd < 0 ? -errno : fd;
}

TEST(Session, SaysWhetherTheKernelHasTheDeviceWhoseFileIsMissing)
{
    const bool has = std::filesystem::exists("/sys/class/misc/krun");
    const bool answered = with_answered_calls({{SYS_openat}}, hide_device, [has] {
        auto options = options_of();
        options.ways = 1U << KRUNC_WAY_DEVICE;
        EXPECT_EQ(open_error(options), has ? -ENOENT : -ENODEV);
    });
    if (!answered)
        GTEST_SKIP() << "the test cannot answer system calls here";
}

} // namespace
