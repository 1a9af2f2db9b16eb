// SPDX-License-Identifier: MIT
// What a measured command's windows and tasks add up to.
#include "host/measured_run.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/temporary_folder.hpp"
#include "util/own_process.hpp"

namespace krun
{
namespace
{

TEST(ParseSwitches, ReadsBothNumbersWhateverIsAround)
{
    const auto switches = parse_switches("Name:\tbench\nTgid:\t7\nvoluntary_ctxt_switches:\t12\n"
                                         "nonvoluntary_ctxt_switches:\t345\n");
    ASSERT_TRUE(switches);
    EXPECT_EQ(switches->voluntary, 12U);
    EXPECT_EQ(switches->involuntary, 345U);
}

TEST(ParseSwitches, TakesBothOrNone)
{
    EXPECT_FALSE(parse_switches(""));
    EXPECT_FALSE(parse_switches("voluntary_ctxt_switches:\t12\n"));
    EXPECT_FALSE(parse_switches("nonvoluntary_ctxt_switches:\t12\n"));
    EXPECT_FALSE(parse_switches("x voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n"));
}

TEST(SwitchesOfProcess, AreThoseOfOneThatLives)
{
    EXPECT_TRUE(switches_of_process(getpid()));
    const auto gone = fork();
    if (gone == 0)
        _exit(0);
    waitpid(gone, nullptr, 0);
    EXPECT_FALSE(switches_of_process(gone));
}

TEST(SwitchesOfProcess, AChildThatLivesOrHasLivedShows)
{
    const auto before = switches_of_process(getpid());
    int hold[2];
    ASSERT_EQ(pipe(hold), 0);
    const auto child = fork();
    if (child == 0) {
        close(hold[1]);
        char byte = 0;
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1); // until the other end is closed
    }
    const auto meanwhile = switches_of_process(getpid());
    close(hold[1]);
    waitpid(child, nullptr, 0);
    close(hold[0]);
    const auto after = switches_of_process(getpid());
    ASSERT_TRUE(before && meanwhile && after);
    EXPECT_FALSE(meanwhile->is_alone);
    EXPECT_NE(before->tasks, after->tasks);
    EXPECT_EQ(after->tasks, switches_of_process(getpid())->tasks);
}

krunc_delta window()
{
    krunc_delta delta{};
    delta.size = sizeof(delta);
    delta.cpu = 3;
    delta.status = KRUNC_OK;
    delta.valid = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INTERRUPTS | KRUNC_EVENT(1);
    delta.derived = KRUNC_D_TIME | KRUNC_D_RATIO | KRUNC_D_FREQUENCY | KRUNC_D_BUSY;
    delta.ticks = 1000;
    delta.ticks_least = 990;
    delta.ticks_most = 1010;
    delta.aperf = 900;
    delta.mperf = 600;
    delta.cycles = 910;
    delta.events[1] = 5;
    delta.irq_timer = 2;
    delta.irq_device = 1;
    delta.seconds = 0.5;
    delta.ratio = 1.5;
    delta.ratio_error = 0.01;
    delta.frequency = 3e9;
    delta.busy = 0.6;
    delta.mperf_error = 10;
    return delta;
}

TEST(AddDelta, CountsAndTimesAreSumsAndTheRestFollowsFromThem)
{
    krunc_delta sum = window();
    krunc_delta more = window();
    more.ticks = 3000;
    more.aperf = 300;
    more.mperf = 200;
    more.seconds = 1.5;
    more.ratio_error = 0.03;
    more.irq_device = 4;
    add_delta(sum, more, 2'000'000'000);
    EXPECT_EQ(sum.cpu, 3U);
    EXPECT_EQ(sum.ticks, 4000U);
    EXPECT_EQ(sum.ticks_least, 1980U);
    EXPECT_EQ(sum.ticks_most, 2020U);
    EXPECT_EQ(sum.cycles, 1820U);
    EXPECT_EQ(sum.events[1], 10U);
    EXPECT_EQ(sum.irq_timer, 4U);
    EXPECT_EQ(sum.irq_device, 5U);
    EXPECT_EQ(sum.mperf_error, 20U);
    EXPECT_DOUBLE_EQ(sum.seconds, 2.0);
    EXPECT_DOUBLE_EQ(sum.ratio, 1.5); // 1200 / 800
    EXPECT_DOUBLE_EQ(sum.ratio_error, 0.03);
    EXPECT_DOUBLE_EQ(sum.frequency, 3e9);
    EXPECT_DOUBLE_EQ(sum.busy, 0.2); // 800 / 4000
}

TEST(AddDelta, WhatOneWindowLacksBothLack)
{
    krunc_delta sum = window();
    krunc_delta more = window();
    more.valid &= ~static_cast<std::uint32_t>(KRUNC_CYCLES);
    more.derived &= ~static_cast<std::uint32_t>(KRUNC_D_FREQUENCY);
    add_delta(sum, more, 1000);
    EXPECT_EQ(sum.valid & KRUNC_CYCLES, 0U);
    EXPECT_NE(sum.valid & KRUNC_APERF, 0U);
    EXPECT_EQ(sum.derived & KRUNC_D_FREQUENCY, 0U);
}

TEST(AddDelta, WhatIsTrueOfOneWindowIsTrueOfBothAndNoLongerUnknown)
{
    krunc_delta sum = window();
    sum.unknown = KRUNC_Q_SMI | KRUNC_Q_SWITCHED;
    krunc_delta more = window();
    more.status = KRUNC_OFFLINE;
    more.quality = KRUNC_Q_SMI | KRUNC_Q_OFFLINE;
    more.unknown = KRUNC_Q_THROTTLED;
    more.throttle = 1;
    add_delta(sum, more, 1000);
    EXPECT_EQ(sum.status, static_cast<std::uint32_t>(KRUNC_OFFLINE));
    EXPECT_EQ(sum.quality, static_cast<std::uint32_t>(KRUNC_Q_SMI | KRUNC_Q_OFFLINE));
    EXPECT_EQ(sum.unknown, static_cast<std::uint32_t>(KRUNC_Q_SWITCHED | KRUNC_Q_THROTTLED));
    EXPECT_EQ(sum.throttle, 1U);
    add_delta(sum, window(), 1000); // a later good window does not heal it
    EXPECT_EQ(sum.status, static_cast<std::uint32_t>(KRUNC_OFFLINE));
}

TEST(AddDelta, WithoutTicksOrMperfNothingIsDividedByZero)
{
    krunc_delta sum{};
    add_delta(sum, krunc_delta{}, 1000);
    EXPECT_EQ(sum.ratio, 0);
    EXPECT_EQ(sum.busy, 0);
    EXPECT_EQ(sum.frequency, 0);
}

// In a process of its own, as krunctl: its signals, and a session that cannot be sampled.
[[noreturn]] void measure_in_vain(const std::filesystem::path &folder)
{
    install_interrupt_handlers();
    krunc::Options options;
    options.ways = 1U << KRUNC_WAY_TSC;
    auto session = krunc::Session::open(options);
    auto control = ControlChannel::open("fifo:" + (folder / "commands").string() + "," + (folder / "acks").string());
    if (!session || !control || chdir(folder.c_str()) != 0)
        _exit(100);
    const krunc::Session moved_away = std::move(*session);
    Energy energy({});
    FakeFilesystem files;
    const MeasuredCommand command = {{"sh", "-c",
                                      "exec 3>commands 4<acks; echo enable >&3; read answer <&4; "
                                      "trap 'echo TERM >got; exit' TERM; : >ready; while :; do sleep 0.05; done"},
                                     {}};
    const auto run = measure_command(command, files, *session, energy, &*control);
    _exit(run ? 101 : static_cast<int>(run.error().code));
}

// The command goes on, and whoever stops krunctl means both.
TEST(MeasureCommand, AfterAnErrorInAWindowTheCommandIsAnsweredAndSignalsStillReachIt)
{
    const TemporaryFolder folder;
    for (const char *name : {"commands", "acks"})
        ASSERT_EQ(mkfifo((folder.path() / name).c_str(), S_IRUSR | S_IWUSR), 0);
    const pid_t krunctl = fork();
    if (krunctl == 0)
        measure_in_vain(folder.path());
    for (int i = 0; i < 1200 && !std::filesystem::exists(folder.path() / "ready"); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "ready"));
    kill(krunctl, SIGTERM);
    int status = -1;
    for (int i = 0; i < 1200 && waitpid(krunctl, &status, WNOHANG) == 0; i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(ExitCode::failure)) << status;
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "got"));
}

} // namespace
} // namespace krun
