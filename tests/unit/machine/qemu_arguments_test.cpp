// SPDX-License-Identifier: MIT
#include "machine/qemu_arguments.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "machine/testbed_qemu.hpp"

namespace krun
{
namespace
{

class QemuArgumentsTest : public testing::Test
{
  protected:
    QemuArgumentsTest()
    {
        request.kernel = "/k/vmlinuz";
        setup.qemu = "/q/qemu-system-x86_64";
        setup.firmware = {"/q/share/seabios"};
        setup.counters = true;
        setup.initrd = "/r/initrd";
        setup.host_tsc_khz = 2600000;
    }

    std::string value_of(const std::string &option)
    {
        const auto argv = qemu_arguments(request, setup);
        const auto at = std::find(argv.begin(), argv.end(), option);
        return at == argv.end() || at + 1 == argv.end() ? "" : at[1];
    }

    MachineRequest request;
    QemuSetup setup;
};

TEST_F(QemuArgumentsTest, EachCpuIsASocketOfItsOwn)
{
    request.cpus = 3;
    EXPECT_EQ(value_of("-smp"), "3,sockets=3,cores=1,threads=1");
}

TEST_F(QemuArgumentsTest, TheTestbedsCpuIsIntelAndHasTheAskedForCounters)
{
    setup.host_tsc_khz = 0;
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off,x-pmu=on");
    request.aperf_ratio = 130;
    request.ipc = 150;
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off,x-pmu=on,x-pmu-aperf-ratio=130,x-pmu-ipc=150");
}

TEST_F(QemuArgumentsTest, AnInvariantTscIsAskedForByName)
{
    setup.host_tsc_khz = 0;
    setup.invariant_tsc = true;
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off,x-pmu=on,invtsc=on");
}

TEST_F(QemuArgumentsTest, TheTestbedsCpuMayBeAmds)
{
    request.vendor = CpuVendor::amd;
    request.ipc = 150;
    EXPECT_EQ(value_of("-cpu"), "EPYC-Rome,check=off,monitor=off,x-pmu=on,x-pmu-ipc=150");
    request.perfctr_core = false;
    EXPECT_EQ(value_of("-cpu"), "EPYC-Rome,check=off,monitor=off,x-pmu=on,x-pmu-perfctr-core=off,x-pmu-ipc=150");
    setup.counters = false;
    EXPECT_EQ(value_of("-cpu"), "EPYC-Rome,check=off,monitor=off");
}

TEST_F(QemuArgumentsTest, EmulatedCpusRunInParallelUnlessInstructionsAreCounted)
{
    EXPECT_EQ(value_of("-accel"), "tcg,thread=multi");
    EXPECT_EQ(value_of("-icount"), "");
    request.icount = true;
    EXPECT_EQ(value_of("-accel"), "tcg,thread=single");
    EXPECT_EQ(value_of("-icount"), "shift=0,sleep=off");
    request.icount_turn = 50;
    EXPECT_EQ(value_of("-icount"), "shift=0,sleep=off,turn=50");
}

TEST_F(QemuArgumentsTest, KvmTakesTheHostsCpuAndLeavesTheClockToIt)
{
    setup.kvm = true;
    EXPECT_EQ(value_of("-accel"), "kvm");
    EXPECT_EQ(value_of("-cpu"), "host,pmu=on");
    EXPECT_EQ(kernel_command_line(request, setup).find("tsc"), std::string::npos);
}

TEST_F(QemuArgumentsTest, TheGuestIsToldTheRateOfItsTsc)
{
    EXPECT_NE(kernel_command_line(request, setup).find(" tsc_early_khz=2600000"), std::string::npos);
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off,x-pmu=on,level=0x15,tsc-frequency=2600000000");
    request.icount = true;
    EXPECT_NE(kernel_command_line(request, setup).find(" tsc_early_khz=1000000"), std::string::npos);
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off,x-pmu=on,level=0x15,tsc-frequency=1000000000");
    setup.counters = false;
    EXPECT_EQ(value_of("-cpu"), "Skylake-Client,check=off");
}

TEST_F(QemuArgumentsTest, TheDefaultBootLineHelpsNoClock)
{
    request.trusted_clock = false;
    for (const char *help : {"tsc", "no_timer_check"})
        EXPECT_EQ(kernel_command_line(request, setup).find(help), std::string::npos);
}

TEST_F(QemuArgumentsTest, OnlyAnEmulatedMachineIsSparedTheTestsThatItFails)
{
    EXPECT_NE(kernel_command_line(request, setup).find(" no_timer_check"), std::string::npos);
    setup.kvm = true;
    EXPECT_EQ(kernel_command_line(request, setup).find("no_timer_check"), std::string::npos);
}

TEST_F(QemuArgumentsTest, ThePersonsKernelOptionsComeLastAndWin)
{
    request.append = "panic=5 quiet";
    EXPECT_TRUE(value_of("-append").ends_with(" panic=5 quiet"));
}

TEST_F(QemuArgumentsTest, TheMachineEndsInsteadOfRestarting)
{
    const auto argv = qemu_arguments(request, setup);
    EXPECT_NE(std::find(argv.begin(), argv.end(), "-no-reboot"), argv.end());
    EXPECT_EQ(argv.front(), "/q/qemu-system-x86_64");
}

TEST_F(QemuArgumentsTest, AMachineWithNothingToBootMayResetAndKeepsItsConsoleWhereItIsTold)
{
    const auto argv = machine_arguments(request, setup, "file,append=on,path=/c/log");
    EXPECT_NE(std::find(argv.begin(), argv.end(), "file,append=on,path=/c/log,id=console"), argv.end());
    for (const char *absent : {"-kernel", "-initrd", "-append", "-no-reboot"})
        EXPECT_EQ(std::find(argv.begin(), argv.end(), absent), argv.end()) << absent;
}

TEST(NinjaProgressTest, IsReadFromTheLineHead)
{
    EXPECT_EQ(ninja_progress("[12/345] Compiling C object x.o"), (std::pair<std::size_t, std::size_t>{12, 345}));
    EXPECT_EQ(ninja_progress("ninja: no work to do."), std::nullopt);
    EXPECT_EQ(ninja_progress("[a/b] x"), std::nullopt);
    EXPECT_EQ(ninja_progress("[1] x/y]"), std::nullopt);
    EXPECT_EQ(ninja_progress(""), std::nullopt);
}

} // namespace
} // namespace krun
