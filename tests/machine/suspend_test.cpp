// SPDX-License-Identifier: MIT
// krunctl stat across a suspend to memory, from which the alarm clock wakes the machine. The usual kernel has neither;
// the case `suspend` brings one that does.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "test_kernel.hpp"

namespace
{

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

constexpr int no_suspend = 77;

// An alarm that comes before the machine sleeps ends the attempt: there is another.
constexpr const char *suspend_meanwhile = R"(
alarm=/sys/class/rtc/rtc0/wakealarm
grep -q deep /sys/power/mem_sleep && test -w $alarm || exit 77
suspend() {
    sleep 1
    for attempt in 1 2 3; do
        echo 0 >$alarm
        echo +4 >$alarm
        if echo mem >/sys/power/state; then return; fi
    done
    echo "it did not suspend"
}
suspend &
)";

class SuspendInGuest : public WithTestKernel
{
  protected:
    // What krunctl stat prints about a command on CPU 3 during which the machine was suspended. Nothing: it cannot be.
    std::string stat_across_suspend(const std::string &options)
    {
        const auto ran = boot({"--cpus", "4", "--memory", "1024", "--timeout", "200", "--copy-in", DISTURB ":/disturb"},
                              {"/bin/sh", "-c",
                               suspend_meanwhile + std::string("krunctl stat --output /report --pin 3 ") + options +
                                   " -- /disturb work 3\nwait\ncat /report"});
        if (ran.status == no_suspend)
            return {};
        EXPECT_EQ(ran.status, 0) << ran.errors;
        return ran.output;
    }
};

TEST_F(SuspendInGuest, IsTheCauseThatStatNames)
{
    const auto output = stat_across_suspend("--json");
    if (output.empty())
        GTEST_SKIP() << "this kernel has no suspend to memory, or no alarm clock";
    const auto report = json::parse(output, nullptr, false);
    ASSERT_TRUE(report.is_object()) << output;
    const auto &run = report.at("commands").at(0).at("runs").at(0);
    EXPECT_EQ(run.at("verdict").value("kind", ""), "unusable") << output;
    ASSERT_EQ(run.at("verdict").at("causes").size(), 1U) << "the suspend alone is to be blamed: " << output;
    const auto &cause = run.at("verdict").at("causes").at(0);
    EXPECT_EQ(cause.value("cause", ""), "the machine was suspended");
    EXPECT_EQ(cause.value("cpu", -1), 3);
    EXPECT_THAT(cause.value("remedy", ""), HasSubstr("systemd-inhibit"));

    ASSERT_EQ(run.at("cpus").size(), 4U);
    for (const auto &cpu : run.at("cpus")) {
        EXPECT_THAT(cpu.at("quality"), AllOf(Contains("suspended"), Contains("epoch")));
        EXPECT_FALSE(cpu.contains("cycles_count")) << "a count across a reset of the counter: " << cpu.dump();
    }
}

TEST_F(SuspendInGuest, IsNamedInWords)
{
    const auto output = stat_across_suspend("");
    if (output.empty())
        GTEST_SKIP() << "this kernel has no suspend to memory, or no alarm clock";
    EXPECT_THAT(output, HasSubstr("verdict: unusable"));
    EXPECT_THAT(output, HasSubstr("CPU 3: the machine was suspended"));
    EXPECT_THAT(output, HasSubstr("-> keep it from suspending"));
}

} // namespace
