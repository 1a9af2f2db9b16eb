// SPDX-License-Identifier: MIT
// Which CPUs a session reads, by which way, while CPUs come and go.
#include "host/counter_session.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_host.hpp"

namespace krun
{

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Cpus = std::vector<int>;
using Unread = std::map<unsigned, std::string>;

// A library on a machine where `errors` says which ways cannot be used. The system calls reach what is online without a
// gap, as the real ones.
class FakeLibrary
{
  public:
    explicit FakeLibrary(FakeHost &host) : host_(host) {}

    std::map<unsigned, int> errors; // by way
    int interrupts_error = 0;       // of /proc/interrupts
    std::vector<int> sample_errors; // of the next samples
    std::vector<Cpus> opened;       // of every session there was
    int open_sessions = 0;
    std::uint32_t missing = 0; // counters
    int pauses = 0;
    std::map<unsigned, int> errors_until_pause; // as `errors`, for that many pauses

    CounterLibrary functions()
    {
        return {[this](const krunc_options *options, krunc_session **session) { return open(*options, *session); },
                [this](const krunc_session *, krunc_facts *facts) {
                    *facts = facts_;
                    return 0;
                },
                [this](krunc_session *, krunc_sample *, std::size_t size) {
                    EXPECT_EQ(size, facts_.sample_size);
                    if (sample_errors.empty())
                        return 0;
                    const int error = sample_errors.front();
                    sample_errors.erase(sample_errors.begin());
                    return error;
                },
                [this](krunc_session *) { open_sessions--; },
                [this] {
                    pauses++;
                    for (auto &[way, left] : errors_until_pause)
                        if (left > 0 && --left == 0)
                            errors.erase(way);
                }};
    }
    [[nodiscard]] unsigned way() const { return facts_.way; }

  private:
    static Cpus cpus_of(const krunc_options &options)
    {
        Cpus cpus;
        const auto *bytes = static_cast<const unsigned char *>(options.cpus);
        for (std::size_t bit = 0; bit < options.cpus_size * 8; bit++)
            if ((bytes[bit / 8] >> (bit % 8) & 1) != 0)
                cpus.push_back(static_cast<int>(bit));
        return cpus;
    }
    int error_of(unsigned way, const Cpus &cpus)
    {
        if (const auto error = errors.find(way); error != errors.end())
            return error->second;
        return way == KRUNC_WAY_CALLS && cpus.back() >= reached_by_calls(host_.online) ? -ENXIO : 0;
    }
    int open(const krunc_options &options, krunc_session *&session)
    {
        const Cpus cpus = cpus_of(options);
        facts_ = {};
        facts_.size = sizeof(facts_);
        facts_.sample_size = sizeof(krunc_sample) + cpus.size() * sizeof(krunc_reading);
        facts_.wanted = options.counters;
        facts_.counters = options.counters & ~missing;
        int error = -EINVAL;
        for (unsigned way = 0; way < KRUNC_WAYS; way++) {
            if (options.ways != 0 && (options.ways & 1U << way) == 0)
                continue;
            facts_.way = way;
            error = facts_.way_errors[way] = error_of(way, cpus);
            if (error != 0)
                continue;
            opened.push_back(cpus);
            open_sessions++;
            session = reinterpret_cast<krunc_session *>(this);
            return 0;
        }
        return error;
    }

    FakeHost &host_;
    krunc_facts facts_{};
};

class CounterSessions : public testing::Test
{
  protected:
    ~CounterSessions() override { EXPECT_EQ(library.open_sessions, session ? 1 : 0); }

    void open(CounterRequest request = {})
    {
        auto opened = CounterSession::open(host, std::move(request), library.functions());
        ASSERT_TRUE(opened) << opened.error().message;
        session = std::move(*opened);
    }
    Error error_of(CounterRequest request)
    {
        auto opened = CounterSession::open(host, std::move(request), library.functions());
        EXPECT_FALSE(opened);
        return opened ? Error{} : opened.error();
    }
    void only(unsigned way)
    {
        for (unsigned other = 0; other < KRUNC_WAYS - 1; other++)
            if (other != way)
                library.errors[other] = -EACCES;
    }

    FakeHost host;
    FakeLibrary library{host};
    std::unique_ptr<CounterSession> session;
};

TEST_F(CounterSessions, TheDeviceReadsAllThatIsPossibleAndStaysWhenCpusComeAndGo)
{
    host.online = {0, 2};
    open();
    EXPECT_THAT(library.opened, ElementsAre(Cpus{0, 1, 2, 3}));
    host.online = {0, 1, 2, 3};
    EXPECT_FALSE(session->renew().value());
    EXPECT_EQ(library.opened.size(), 1U);
    EXPECT_THAT(session->notes(), IsEmpty());
    EXPECT_THAT(session->unread(), IsEmpty());
}

TEST_F(CounterSessions, OtherWaysAreOpenedAgainForTheCpusThatAreOnline)
{
    for (const unsigned way : {KRUNC_WAY_CALLS, KRUNC_WAY_PERF, KRUNC_WAY_MSR, KRUNC_WAY_TSC}) {
        library.errors.clear();
        library.opened.clear();
        host.online = {0, 1};
        only(way);
        open();
        EXPECT_EQ(library.way(), way);
        EXPECT_FALSE(session->renew().value());
        host.online = {0, 1, 2};
        EXPECT_TRUE(session->renew().value());
        host.online = {0};
        EXPECT_TRUE(session->renew().value());
        EXPECT_THAT(library.opened, ElementsAre(Cpus{0, 1}, Cpus{0, 1, 2}, Cpus{0}));
        session.reset();
    }
}

TEST_F(CounterSessions, WhereOnlyTheSystemCallsCountTheyAreUsedUpToTheFirstGap)
{
    only(KRUNC_WAY_CALLS);
    host.online = {0, 1, 3};
    open();
    EXPECT_EQ(library.way(), KRUNC_WAY_CALLS);
    EXPECT_EQ(library.opened.back(), (Cpus{0, 1}));
    EXPECT_EQ(session->unread(), (Unread{{3, "not reached"}}));
    EXPECT_EQ(session->notes().size(), 1U); // the device
    host.online = {1, 3};                   // they reach nobody
    EXPECT_TRUE(session->renew().value());
    EXPECT_EQ(library.way(), KRUNC_WAY_TSC);
    EXPECT_EQ(library.opened.back(), (Cpus{1, 3}));
}

TEST_F(CounterSessions, TheSystemCallsReachWhatTheyReachAlsoIfTheyAreAskedFor)
{
    host.online = {0, 1, 3};
    open({{}, KRUNC_WAY_CALLS, KRUNC_APERF});
    EXPECT_EQ(library.opened.back(), (Cpus{0, 1}));
    session.reset();
    open({{1, 2, 3}, KRUNC_WAY_CALLS, KRUNC_APERF});
    EXPECT_EQ(library.opened.back(), (Cpus{1}));
    EXPECT_EQ(session->unread(), (Unread{{2, "offline"}, {3, "not reached"}}));
}

TEST_F(CounterSessions, PerfReachesCpusBehindAGap)
{
    library.errors = {{KRUNC_WAY_DEVICE, -ENOENT}};
    host.online = {0, 1, 3};
    open();
    EXPECT_EQ(library.way(), KRUNC_WAY_PERF);
    EXPECT_EQ(library.opened.back(), (Cpus{0, 1, 3}));
}

TEST_F(CounterSessions, ReadTheCpusThatAreAskedForInAnyOrder)
{
    host.online = {0, 1, 3};
    open({{3, 1}, {}, KRUNC_APERF});
    EXPECT_EQ(library.opened.back(), (Cpus{1, 3}));
    session.reset();
    library.errors = {{KRUNC_WAY_DEVICE, -ENOENT}};
    open({{2, 3}, KRUNC_WAY_MSR, KRUNC_APERF});
    EXPECT_EQ(library.opened.back(), (Cpus{3}));
    EXPECT_EQ(session->unread(), (Unread{{2, "offline"}}));
}

TEST_F(CounterSessions, ACpuThatDoesNotExistIsWrongUsage)
{
    const auto error = error_of({{1, 64}, {}, KRUNC_APERF});
    EXPECT_EQ(error.code, ExitCode::usage);
    EXPECT_EQ(error.message, "this machine has no CPU 64");
    EXPECT_EQ(error.hint, "its possible CPUs are 0-3");
}

TEST_F(CounterSessions, CpusThatAreAllOfflineCannotBeRead)
{
    host.online = {0};
    library.errors = {{KRUNC_WAY_DEVICE, -ENOENT}};
    const auto error = error_of({{2, 3}, {}, KRUNC_APERF});
    EXPECT_EQ(error.code, ExitCode::host_lacks);
    EXPECT_EQ(error.message, "CPU 2-3 is offline");
    EXPECT_THAT(error.hint, HasSubstr("/online"));
}

TEST_F(CounterSessions, AWayThatCannotBeUsedIsAnErrorIfItIsAskedFor)
{
    library.errors = {{KRUNC_WAY_MSR, -EACCES}, {KRUNC_WAY_CALLS, -ENXIO}};
    auto error = error_of({{}, KRUNC_WAY_MSR, KRUNC_APERF});
    EXPECT_EQ(error.code, ExitCode::host_lacks);
    EXPECT_EQ(error.message, "cannot read the counters using msr: /dev/cpu/N/msr may not be opened");
    EXPECT_EQ(error.hint, krunc_way_remedy(KRUNC_WAY_MSR, -EACCES));
    error = error_of({{}, KRUNC_WAY_CALLS, KRUNC_APERF});
    EXPECT_THAT(error.message, HasSubstr("offline"));
}

TEST_F(CounterSessions, SayWhyThereIsNoBetterWayAndWhatIsMissing)
{
    library.errors = {{KRUNC_WAY_DEVICE, -EACCES}, {KRUNC_WAY_CALLS, -ENOSYS}};
    library.missing = KRUNC_APERF | KRUNC_MPERF;
    open();
    EXPECT_THAT(session->notes(), ElementsAre(Note{"not using device: /dev/krun may not be opened",
                                                   krunc_way_remedy(KRUNC_WAY_DEVICE, -EACCES)},
                                              Note{"not using calls: the kernel has no Krun system calls",
                                                   krunc_way_remedy(KRUNC_WAY_CALLS, -ENOSYS)},
                                              Note{"perf does not count aperf, mperf", ""}));
}

TEST_F(CounterSessions, TheirFactsSayWhyAlsoIfABetterWayWasTriedOnItsOwn)
{
    library.errors = {{KRUNC_WAY_DEVICE, -EACCES}, {KRUNC_WAY_CALLS, -ENOSYS}, {KRUNC_WAY_MSR, -EACCES}};
    open();
    EXPECT_EQ(session->facts().way, static_cast<std::uint32_t>(KRUNC_WAY_PERF));
    EXPECT_EQ(session->facts().way_errors[KRUNC_WAY_DEVICE], -EACCES);
    EXPECT_EQ(session->facts().way_errors[KRUNC_WAY_CALLS], -ENOSYS);
    EXPECT_EQ(session->facts().way_errors[KRUNC_WAY_MSR], 0);
}

TEST_F(CounterSessions, WithoutSysLeaveTheCpusToTheLibrary)
{
    host.online = host.possible = {};
    open();
    EXPECT_EQ(library.opened.back(), Cpus{});
    session.reset();
    open({{1}, {}, KRUNC_APERF});
    EXPECT_EQ(library.opened.back(), Cpus{1});
}

TEST_F(CounterSessions, ACpuThatGoesDuringASampleTakesANewSession)
{
    only(KRUNC_WAY_CALLS);
    open();
    krunc::Sample sample(session->facts().sample_size);
    EXPECT_FALSE(session->sample(sample).value());
    host.online = {0, 1, 2};
    library.sample_errors = {-ENXIO};
    EXPECT_TRUE(session->sample(sample).value());
    EXPECT_EQ(library.opened.back(), (Cpus{0, 1, 2}));
    EXPECT_EQ(sample.size(), session->facts().sample_size);
}

// /dev/cpu/2/msr appears when /sys has the CPU online already.
TEST_F(CounterSessions, WhatBelongsToACpuThatComesMayComeALittleLater)
{
    for (const bool forced : {true, false}) {
        host.online = {0, 1};
        only(KRUNC_WAY_MSR);
        open({{}, forced ? std::optional<std::uint32_t>(KRUNC_WAY_MSR) : std::nullopt, KRUNC_APERF});
        host.online = {0, 1, 2};
        library.errors[KRUNC_WAY_MSR] = -ENXIO;
        library.errors_until_pause[KRUNC_WAY_MSR] = 3;
        library.pauses = 0;
        const auto renewed = session->renew();
        ASSERT_TRUE(renewed) << renewed.error().message;
        EXPECT_TRUE(*renewed);
        EXPECT_EQ(library.pauses, 3);
        EXPECT_EQ(library.way(), KRUNC_WAY_MSR);
        EXPECT_EQ(library.opened.back(), (Cpus{0, 1, 2}));
        session.reset();
    }
}

TEST_F(CounterSessions, WhatStaysAwayIsWaitedForOnlyForAWhile)
{
    host.online = {0, 1};
    only(KRUNC_WAY_MSR);
    open({{}, KRUNC_WAY_MSR, KRUNC_APERF});
    host.online = {0, 1, 2};
    library.errors[KRUNC_WAY_MSR] = -EACCES;
    EXPECT_FALSE(session->renew());
    EXPECT_EQ(library.pauses, 9);
    session.reset();
}

TEST_F(CounterSessions, WhatCannotBeSampledIsAnError)
{
    open();
    krunc::Sample sample(session->facts().sample_size);
    library.sample_errors = {-EBUSY};
    EXPECT_EQ(session->sample(sample).error().code, ExitCode::host_lacks);
    library.sample_errors = {-ENXIO, -ENXIO, -ENXIO};
    EXPECT_THAT(session->sample(sample).error().message, HasSubstr("using device"));
    only(KRUNC_WAY_CALLS);
    session.reset();
    open({{3}, KRUNC_WAY_CALLS, KRUNC_APERF});
    host.online = {0, 1, 2};
    EXPECT_EQ(session->renew().error().message, "CPU 3 is offline");
    session.reset();
}

TEST(Ways, AreKnownByTheirNames)
{
    EXPECT_THAT(way_names(), ElementsAre("device", "calls", "perf", "msr", "tsc"));
    EXPECT_EQ(way_named("perf"), KRUNC_WAY_PERF);
    EXPECT_EQ(way_named("Perf"), std::nullopt);
    EXPECT_EQ(way_named(""), std::nullopt);
}

} // namespace
} // namespace krun
