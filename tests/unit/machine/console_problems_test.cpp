// SPDX-License-Identifier: MIT
#include "machine/console_log.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

class Problem : public testing::TestWithParam<const char *>
{
};

TEST_P(Problem, IsFound)
{
    const std::string line = GetParam();
    const std::string console =
        "[    0.000000] Linux version 6.12\n" + line + "\r\n[    9.000000] reboot: Restarting\n";
    EXPECT_EQ(console_problems(console), std::vector<std::string>{line});
}

INSTANTIATE_TEST_SUITE_P(
    Console, Problem,
    testing::Values("[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000010",
                    "[    1.0] Oops: Oops: 0002 [#1] SMP NOPTI", "[    1.0] kernel BUG at mm/slub.c:305!",
                    "[    1.0] WARNING: CPU: 1 PID: 7 at krun/sampler.c:10 krun_read+0x1/0x2",
                    "[    1.0][    T7] WARNING: suspicious RCU usage",
                    "[    1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
                    "[    1.0] general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
                    "[    1.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
                    "[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
                    "[    1.0] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [prog:7]",
                    "[    1.0] NMI watchdog: Watchdog detected hard LOCKUP on cpu 2",
                    "[    1.0] INFO: task kworker/0:1:9 blocked for more than 120 seconds.",
                    "[    1.0] unchecked MSR access error: RDMSR from 0xe8 at rIP: 0xffffffff81000000",
                    "[    1.0] Call Trace:", "[    1.0] invalid opcode: 0000 [#1] SMP", "WARNING: without a time stamp",
                    "[    1.0] DEBUG: then BUG: for real", "[    1.0] x86: Kernel panic"));

class Harmless : public testing::TestWithParam<const char *>
{
};

TEST_P(Harmless, IsNotTakenForAProblem) { EXPECT_TRUE(console_problems(GetParam()).empty()); }

INSTANTIATE_TEST_SUITE_P(
    Console, Harmless,
    testing::Values("[    0.4] RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks",
                    "[    1.0] traps: prog[12] general protection fault ip:401000 sp:7ffc error:0 in prog[401000+1000]",
                    "[    1.0] prog[12]: segfault at 0 ip 0000000000401000 sp 00007ffc error 4 in prog",
                    "[    1.0] traps: prog[12] trap invalid opcode ip:401000 sp:7ffc error:0 in prog[401000+1000]",
                    "[    0.5] rcu: Hierarchical SRCU implementation.",
                    "[    0.0] Kernel command line: console=ttyS0 panic=-1 oops=panic",
                    // words inside other words
                    "[    1.0] DEBUG: all is well", "[    1.0] KRUN_BUG: is a name",
                    "[    1.0] Oopsie: a program's name", "[    1.0] srcu: detected stall is not rcu's",
                    "[    1.0] soft lockups are looked for", "[    1.0] MyKernel panics never",
                    "[    1.0] SUBINFO: task is blocked for more than an hour", ""));

TEST(TraceTest, IsReportedAsWhatItIsAbout)
{
    const std::string headline = "[   82.6] prog: vmalloc error: size 4096, mode:0xdc2(GFP_KERNEL)";
    const std::string cpu = "[   82.6] CPU: 3 UID: 0 PID: 416 Comm: prog Not tainted 6.12.118 #1\n";
    const std::string trace = "[   82.6] Call Trace:\r\n[   82.6]  <TASK>\n";
    EXPECT_EQ(console_problems(headline + "\n" + cpu + trace), std::vector<std::string>{headline});
    EXPECT_EQ(console_problems(headline + "\n" + cpu + "[   82.6] Tainted: [W]=WARN\n[   82.6] Hardware name: QEMU\n" +
                               trace),
              std::vector<std::string>{headline});
    EXPECT_EQ(console_problems("[   82.6] \n" + cpu + trace), std::vector<std::string>{"[   82.6] Call Trace:"});
}

TEST(TraceTest, OfAnAnnouncedProblemIsReportedBesideIt)
{
    const std::string cpu_and_trace = "[    1.0] CPU: 0 PID: 1 Comm: init\n[    1.0] Call Trace:\n";
    const std::string lockdep = "[    1.0] WARNING: possible recursive locking detected";
    EXPECT_EQ(console_problems(lockdep + "\n[    1.0] init/1 is trying to acquire lock:\n" +
                               "[    1.0] stack backtrace:\n" + cpu_and_trace),
              (std::vector<std::string>{lockdep, "[    1.0] Call Trace:"}));
    const std::string kasan = "[    1.0] BUG: KASAN: slab-out-of-bounds in krun_read+0x1/0x2";
    const std::string later = "[    2.0] warn_alloc: page allocation failure";
    EXPECT_EQ(console_problems(kasan + "\n[    1.0] Read of size 8 at addr ffff888003a4b000 by task init/1\n" +
                               "[    1.0] \n" + cpu_and_trace + later + "\n" + cpu_and_trace),
              (std::vector<std::string>{kasan, "[    1.0] Call Trace:", later}));
}

TEST(PanicLineTest, IsWhatTheKernelSaid)
{
    EXPECT_EQ(panic_line("[    1.0] fine\n[    2.0] Kernel panic - not syncing: no init\n"),
              "Kernel panic - not syncing: no init");
    EXPECT_EQ(panic_line("[    1.0] fine\n"), "");
    EXPECT_EQ(panic_line("[    1.0] prog: Kernel panics are rare\n"), "");
}

} // namespace
} // namespace krun
