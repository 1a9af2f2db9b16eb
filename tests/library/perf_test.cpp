// SPDX-License-Identifier: MIT
// Perf events of CPUs, with a perf made up by the test: what happens to counters that others take, and where there are
// no files left. tests/library/hotplug_test.cpp has CPUs that come and go.
#include <gmock/gmock.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <krun/counters.h>

#include "bound_thread.hpp"
#include "made_up_perf.hpp"

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr auto of_cores = static_cast<std::uint32_t>(KRUNC_CYCLES | KRUNC_INSTRUCTIONS);

// CPUs 0 and 1.
int open_perf(krunc_session *&session, std::uint32_t more_ways = 0)
{
    static const unsigned char two = 3;
    krunc_options options{};
    options.size = sizeof(options);
    options.ways = 1U << KRUNC_WAY_PERF | more_ways;
    options.counters = of_cores;
    options.flags = KRUNC_NO_CALIBRATION;
    options.cpus = &two;
    options.cpus_size = 1;
    return krunc_open(&options, &session);
}

krunc_facts facts_of(const krunc_session *session)
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    EXPECT_EQ(krunc_get_facts(session, &facts), 0);
    return facts;
}

class OfTwoCpus : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!fs::exists("/sys/devices/system/cpu/cpu1"))
            GTEST_SKIP() << "this machine has one CPU";
        made_up_perf = {};
    }
    static void run(const std::vector<CallRule> &rules, const std::function<void()> &what)
    {
        if (!with_answered_calls(rules, answer_for_perf, what))
            GTEST_SKIP() << "the test cannot answer system calls here";
    }
};

TEST_F(OfTwoCpus, PerfWithoutDescriptorsForAllCannotBeUsed)
{
    for (const int error : {-EMFILE, -ENFILE, -ENOMEM}) {
        made_up_perf = {};
        made_up_perf.error_of_cpu_1 = error;
        run({{SYS_perf_event_open}}, [error] {
            krunc_session *session = nullptr;
            EXPECT_EQ(open_perf(session), error);
            krunc_close(session);
            session = nullptr;
            ASSERT_EQ(open_perf(session, 1U << KRUNC_WAY_TSC), 0);
            const krunc_facts facts = facts_of(session);
            EXPECT_EQ(facts.way, static_cast<std::uint32_t>(KRUNC_WAY_TSC));
            EXPECT_EQ(facts.way_errors[KRUNC_WAY_PERF], error);
            EXPECT_STRNE(krunc_way_remedy(KRUNC_WAY_PERF, error), "");
            krunc_close(session);
        });
    }
    EXPECT_THAT(krunc_way_remedy(KRUNC_WAY_PERF, -EMFILE), HasSubstr("ulimit -n"));
}

TEST_F(OfTwoCpus, PerfThatRefusesOneOfThemHasTheOther)
{
    made_up_perf.error_of_cpu_1 = -ENODEV;
    run({{SYS_perf_event_open}}, [] {
        krunc_session *session = nullptr;
        ASSERT_EQ(open_perf(session), 0);
        EXPECT_EQ(facts_of(session).counters, of_cores);
        krunc_close(session);
    });
}

// The made-up files can be read once: whoever reads them again finds the end, as perf says that a group has lost its
// hardware counters.
TEST_F(OfTwoCpus, CountersThatWereTakenAreBusyUntilTheyCanBeHadAgain)
{
    run({{SYS_perf_event_open}, {SYS_ioctl}}, [] {
        krunc_session *session = nullptr;
        ASSERT_EQ(open_perf(session), 0);
        const krunc_facts facts = facts_of(session);
        std::vector<std::uint64_t> memory(facts.sample_size / sizeof(std::uint64_t));
        auto *sample = reinterpret_cast<krunc_sample *>(memory.data());
        made_up_perf.has_counters = false;
        ASSERT_EQ(krunc_sample_begin(session, sample, facts.sample_size), 0);
        const krunc_reading &reading = *krunc_const_reading_at(sample, 0);
        EXPECT_EQ(reading.status, KRUNC_BUSY);
        EXPECT_EQ(made_up_perf.retries, 2U); // one a CPU
        made_up_perf.has_counters = true;
        ASSERT_EQ(krunc_sample_begin(session, sample, facts.sample_size), 0);
        EXPECT_EQ(reading.status, KRUNC_OK);
        EXPECT_EQ(reading.cycles, 1000U);
        EXPECT_EQ(reading.epoch, 1U); // something is missing in between
        ASSERT_EQ(krunc_sample_begin(session, sample, facts.sample_size), 0);
        EXPECT_EQ(reading.epoch, 2U);
        krunc_close(session);
    });
}

// Whether a thread's cycles can be read without a system call; without a session, 2.
int thread_has_pages()
{
    krunc_session *session = nullptr;
    krunc_options options{};
    options.size = sizeof(options);
    options.scope = KRUNC_SCOPE_THREAD;
    options.ways = 1U << KRUNC_WAY_PERF;
    options.counters = of_cores;
    options.flags = KRUNC_NO_CALIBRATION;
    if (krunc_open(&options, &session) != 0)
        return 2;
    krunc_thread_counter cycles{};
    const int error = krunc_get_thread_counter(session, KRUNC_CYCLES, &cycles);
    krunc_close(session);
    return error == 0 ? 1 : 0;
}

// In a process of its own, which has mounts of its own: CPU 0 is of one kind of core, CPU 1 of another.
int run_on_hybrid_cpu(const fs::path &devices)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount(devices.c_str(), "/sys/bus/event_source/devices", "none", MS_BIND, nullptr) != 0)
        return 77;
    const bool ran = with_answered_calls({{SYS_perf_event_open}}, answer_for_perf, [] {
        krunc_session *session = nullptr;
        open_perf(session);
        krunc_close(session);
    });
    if (!ran)
        return 77;
    const MadeUpPerf::Asked expected[] = {{0, PERF_TYPE_HARDWARE, 0x400000000 | PERF_COUNT_HW_CPU_CYCLES},
                                          {0, PERF_TYPE_HARDWARE, 0x400000000 | PERF_COUNT_HW_INSTRUCTIONS},
                                          {1, PERF_TYPE_HARDWARE, 0xa00000000 | PERF_COUNT_HW_CPU_CYCLES},
                                          {1, PERF_TYPE_HARDWARE, 0xa00000000 | PERF_COUNT_HW_INSTRUCTIONS}};
    if (made_up_perf.count != std::size(expected))
        return 2;
    for (unsigned i = 0; i < std::size(expected); i++) {
        const MadeUpPerf::Asked &asked = made_up_perf.asked[i];
        if (asked.cpu != expected[i].cpu || asked.type != expected[i].type || asked.config != expected[i].config)
            return 3;
    }
    int unbound = 2;
    int bound = 2;
    with_answered_calls({{SYS_perf_event_open}}, answer_for_perf, [&] {
        const BoundThread thread;
        unbound = thread_has_pages();
        if (thread.to(0))
            bound = thread_has_pages();
    });
    return unbound == 0 && bound == 1 ? 0 : 4; // its page does not show what it missed on the other core
}

TEST_F(OfTwoCpus, EachOfAHybridProcessorHasItsOwnPmu)
{
    std::string name = (fs::temp_directory_path() / "krun-hybrid-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const fs::path devices = name;
    const struct {
        const char *name;
        const char *type;
        const char *cpus;
    } kinds[] = {{"cpu_core", "4\n", "0\n"}, {"cpu_atom", "10\n", "1-63\n"}};
    for (const auto &kind : kinds) {
        fs::create_directories(devices / kind.name);
        std::ofstream(devices / kind.name / "type") << kind.type;
        std::ofstream(devices / kind.name / "cpus") << kind.cpus;
    }
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0)
        _exit(run_on_hybrid_cpu(devices));
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    fs::remove_all(devices);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "mounts of its own are not allowed, or the test cannot answer system calls";
    EXPECT_EQ(status, 0);
}

// Not even sysfs can be read then: what CPUs there are must not be guessed.
TEST(Descriptors, OfWhichThereAreNoneAreTheErrorOfTheSession)
{
    const bool ran = with_answered_calls({{SYS_openat, EMFILE}}, nullptr, [] {
        krunc_session *session = nullptr;
        EXPECT_EQ(krunc_open(nullptr, &session), -EMFILE);
        krunc_close(session);
    });
    if (!ran)
        GTEST_SKIP() << "the test cannot answer system calls here";
}

} // namespace
