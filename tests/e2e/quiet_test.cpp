// SPDX-License-Identifier: MIT
// What comes to a measured CPU of an installed Debian: booted by GRUB with its default command line, systemd and all
// that it starts, and a load on CPU 0. As docs/design/tickless.md recommends it, processes stay on CPU 0 unless they
// are told.
#include <algorithm>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <string>

#include "scenario.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;
using testing::Not;

constexpr const char *stay_on_cpu_0 = R"sh(mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nCPUAffinity=0\n' >/etc/systemd/system.conf.d/housekeeping.conf
)sh";

// Compiles, searches, logs, writes to the disk and sends over the loopback device, and counts how often.
constexpr const char *start_load = R"sh(cat >/root/load <<'END'
#!/bin/bash
cd "$(mktemp -d)"
ip link set lo up 2>/dev/null
for f in $(seq 400); do echo "int f$f(int n) { int s = 0; while (n--) s += n * $f; return s; }"; done >unit.c
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:4242", ReuseAddr => 1) or die;
    while ($c = $s->accept) { while (<$c>) { print $c $_; } close $c; }' &
for ((round = 0; ; ++round)); do
    for f in 1 2 3 4 5 6 7 8; do tcc -c -o "unit$f.o" unit.c || exit; done
    find / -xdev -newer /etc/hostname >found 2>/dev/null
    logger "round $round of the load"
    dd if=/dev/zero of=blocks bs=64k count=64 conv=fsync 2>/dev/null || exit
    { exec 3<>/dev/tcp/127.0.0.1/4242 && for n in {1..200}; do echo "$n" >&3; read -r -u 3 || exit; done && exec 3>&-; } || exit
    echo $round >/root/rounds
done
END
chmod 755 /root/load
systemd-run --quiet --unit=load /root/load
)sh";

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

class Quiet : public EndToEnd
{
  protected:
    void SetUp() override
    {
        EndToEnd::SetUp();
        if (IsSkipped())
            return;
        machine_ = &start();
        machine_->must(stay_on_cpu_0);
        machine_->must("sed -i 's/ tsc=reliable no_timer_check//' /etc/default/grub.d/testbed.cfg && update-grub 2>&1");
        machine_->must(install_command());
        ASSERT_EQ(machine_->reboot(), krun_release());
        EXPECT_THAT(machine_->must("cat /proc/cmdline"), Not(HasSubstr("tsc")));
        EXPECT_EQ(machine_->must("cat /sys/devices/system/cpu/nohz_full"), "1\n");
        machine_->must(start_load);
    }

    // Ten windows of a minute beside the load.
    std::vector<double> rates_of(const std::string &check)
    {
        const auto output = machine_->run("krunctl check --json --windows 10 --seconds 60 " + check).output;
        EXPECT_EQ(machine_->run("systemctl is-active load").output, "active\n");
        EXPECT_GT(std::stoi(machine_->must("cat /root/rounds")), 10); // and it got on
        const auto report = nlohmann::json::parse(output, nullptr, false);
        if (!report.is_object() || report.at("checks").size() != 1)
            throw std::runtime_error(output);
        const auto &found = report.at("checks").front();
        transcript().step(check + ": " + found.at("detail").get<std::string>());
        return found.value("rates_per_second", std::vector<double>());
    }

    DiskMachine *machine_ = nullptr;
};

TEST_F(Quiet, ATaskThatComputesIsLeftAlone)
{
    const auto rates = rates_of("tickless");
    ASSERT_EQ(rates.size(), 10U);
    EXPECT_LE(median(rates), 0.1);
}

TEST_F(Quiet, ATaskThatMakesSystemCallsIsLeftAlone)
{
    const auto rates = rates_of("tickless-calls");
    ASSERT_EQ(rates.size(), 10U);
    EXPECT_LE(median(rates), 0.1);
}

} // namespace

} // namespace krun
