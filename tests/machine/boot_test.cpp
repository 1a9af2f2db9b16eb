// SPDX-License-Identifier: MIT
// `krunctl boot` end to end: a real kernel in a real virtual machine.
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

#include "test_kernel.hpp"

namespace
{

class Boot : public WithTestKernel
{
  protected:
    Ran shell(const std::string &script, const std::string &input = {}) const
    {
        return boot({}, {"sh", "-c", script}, input);
    }
};

std::string all_byte_values(std::size_t size)
{
    std::string bytes(size, '\0');
    unsigned state = 1;
    for (char &byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>(state >> 24U);
    }
    return bytes;
}

TEST_F(Boot, AProgramFindsItsLibraryBesideItAndOneThatIsCopiedInToo)
{
    char folder[] = "/tmp/krun-boot-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    const std::string at = folder;
    const std::string script = "cd " + at +
                               " && mkdir bin lib other && echo 'int two(void) { return 2; }' > two.c && "
                               "echo 'int two(void); int one(void) { return two() + 1; }' > one.c && "
                               "echo 'int one(void); int main(void) { return one(); }' > main.c && "
                               "gcc -shared -fPIC -o other/libtwo.so two.c && "
                               "gcc -shared -fPIC -o lib/libone.so one.c -Lother -ltwo && "
                               "gcc -o bin/prog main.c -Llib -lone -Wl,-rpath,'$ORIGIN/../lib' "
                               "-Wl,--unresolved-symbols=ignore-all";
    ASSERT_EQ(std::system(script.c_str()), 0);
    const auto ran =
        boot({"--copy-in", at + "/bin/prog:/opt/mine/bin/prog", "--copy-in", at + "/other/libtwo.so:/lib/"},
             {"/opt/mine/bin/prog"});
    EXPECT_EQ(ran.status, 3) << ran.errors;
    static_cast<void>(std::system(("rm -r " + at).c_str()));
}

TEST_F(Boot, AGuestTooSmallForItsFilesIsRefusedWithTheSizeThatWouldDo)
{
    char folder[] = "/tmp/krun-boot-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    const std::string file = std::string(folder) + "/large";
    ASSERT_EQ(std::system(("head -c 60000000 /dev/urandom > " + file).c_str()), 0);
    const std::vector<std::string> command = {"sh", "-c", "stat -c %s /large"};
    const auto refused = boot({"--memory", "128", "--copy-in", file + ":/large"}, command);
    EXPECT_EQ(refused.status, 2) << refused.errors;
    EXPECT_NE(refused.errors.find("58 MiB of files do not fit in 128 MiB"), std::string::npos) << refused.errors;
    const auto between = boot({"--memory", "192", "--copy-in", file + ":/large"}, command);
    EXPECT_EQ(between.status, 2) << "the archive is in memory beside what is in it";
    const std::string before = "hint: --memory ";
    const auto hint = between.errors.find(before);
    ASSERT_NE(hint, std::string::npos) << between.errors;
    const auto enough = std::to_string(std::strtoul(between.errors.c_str() + hint + before.size(), nullptr, 10));
    const auto ran = boot({"--memory", enough, "--copy-in", file + ":/large"}, command);
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.output, "60000000\n");
    // The kernel would go on with what it could unpack.
    const auto cut = boot({"--memory", enough, "--append", "mem=160M", "--copy-in", file + ":/large"}, command);
    EXPECT_EQ(cut.status, 4) << cut.errors;
    EXPECT_NE(cut.errors.find("memory are too little for the guest's files"), std::string::npos) << cut.errors;
    static_cast<void>(std::system(("rm -r " + std::string(folder)).c_str()));
}

TEST_F(Boot, PassesStdoutAndStderrOnApartAndAddsNothingToStdout)
{
    const Ran ran = shell("echo out; echo err >&2");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.output, "out\n");
    EXPECT_NE(ran.errors.find("err\n"), std::string::npos);
}

TEST_F(Boot, PassesTheExitStatusOn)
{
    EXPECT_EQ(shell("exit 7").status, 7);
    EXPECT_EQ(shell("exit 255").status, 255);
}

TEST_F(Boot, ACommandKilledByASignalEndsAsInAShell) { EXPECT_EQ(shell("kill -TERM $$").status, 128 + SIGTERM); }

TEST_F(Boot, ACommandThatIsNotThereIs127)
{
    const Ran ran = boot({}, {"/no/such/program"});
    EXPECT_EQ(ran.status, 127);
    EXPECT_NE(ran.errors.find("/no/such/program"), std::string::npos);
}

TEST_F(Boot, AMebibyteOfAllByteValuesComesThroughBothWaysUnchanged)
{
    const std::string bytes = all_byte_values(1 << 20);
    const Ran ran = boot({}, {"cat"}, bytes);
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.output.size(), bytes.size());
    EXPECT_TRUE(ran.output == bytes);
}

TEST_F(Boot, ACommandThatDoesNotReadItsInputEndsAllTheSame)
{
    EXPECT_EQ(boot({}, {"true"}, all_byte_values(100000)).status, 0);
}

TEST_F(Boot, OutputOfAForgottenBackgroundProcessHoldsNothingUp)
{
    const Ran ran = shell("echo first; sleep 1000 & exit 3");
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.output, "first\n");
}

TEST_F(Boot, WordsThatNameCommandsOfKrunctlAreTheGuestsBehindTheDashes)
{
    EXPECT_EQ(boot({}, {"test", "--help", "=", "--help"}).status, 0);
}

TEST_F(Boot, CopiesFilesFoldersAndDynamicProgramsIn)
{
    const Ran ran = boot(
        {"--copy-in", "/etc/passwd:/data/passwd", "--copy-in", "/etc/apt:/tmp/", "--copy-in", "/usr/bin/env:/opt/env"},
        {"sh", "-c", "test -s /data/passwd && test -d /tmp/apt && /opt/env A=b sh -c 'echo $A'"});
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.output, "b\n");
}

TEST_F(Boot, GivesAsManyCpusAsAskedFor)
{
    EXPECT_EQ(boot({"--cpus", "1"}, {"nproc"}).output, "1\n");
    EXPECT_EQ(boot({"--cpus", "3"}, {"nproc"}).output, "3\n");
}

TEST_F(Boot, TheGuestsClockIsTheTsc)
{
    const auto ran = shell("cat /sys/devices/system/clocksource/clocksource0/current_clocksource");
    EXPECT_TRUE(ran.output.starts_with("tsc")) << ran.output;
}

TEST_F(Boot, WithExactCountsAllCpusComeUp) { EXPECT_EQ(boot({"--icount", "--cpus", "2"}, {"nproc"}).output, "2\n"); }

TEST_F(Boot, APanicIsAFailureThatShowsItsLine)
{
    const Ran ran = boot({"--append", "rdinit=/bin/false"}, {"true"});
    EXPECT_EQ(ran.status, 4);
    EXPECT_NE(ran.errors.find("Kernel panic"), std::string::npos) << ran.errors;
}

// The kernel's own crash tester (CONFIG_LKDTM); the shell that asks for an oops is killed by it.
std::string provoke(const std::string &crash)
{
    return "(echo " + crash + " >/sys/kernel/debug/provoke-crash/DIRECT); echo survived; exit 0";
}

TEST_F(Boot, AnOopsIsAFailureThoughTheCommandSucceeded)
{
    const Ran ran = shell(provoke("EXCEPTION"));
    EXPECT_EQ(ran.status, 4);
    EXPECT_EQ(ran.output, "survived\n");
    EXPECT_NE(ran.errors.find("NULL pointer dereference"), std::string::npos) << ran.errors;
}

TEST_F(Boot, AWarningIsAFailureThoughTheCommandSucceeded)
{
    const Ran ran = shell(provoke("WARNING"));
    EXPECT_EQ(ran.status, 4);
    EXPECT_EQ(ran.output, "survived\n");
    EXPECT_NE(ran.errors.find("WARNING:"), std::string::npos) << ran.errors;
}

TEST_F(Boot, AMachineThatStopsWithoutAStatusIsAFailure)
{
    const Ran ran = shell("reboot -f; sleep 100");
    EXPECT_EQ(ran.status, 4);
    EXPECT_NE(ran.errors.find("before its command ended"), std::string::npos) << ran.errors;
}

TEST_F(Boot, TheTimeoutEndsTheMachineAndShowsItsConsole)
{
    const Ran ran = boot({"--timeout", "15"}, {"sleep", "1000"});
    EXPECT_EQ(ran.status, 4);
    EXPECT_NE(ran.errors.find("within 15 s"), std::string::npos) << ran.errors;
    EXPECT_NE(ran.errors.find("Run /init as init process"), std::string::npos) << ran.errors;
}

TEST_F(Boot, NeitherCtrlCNorKillLeavesAQemuBehind)
{
    for (const int number : {SIGINT, SIGTERM, SIGKILL}) {
        KrunctlRun run(words({}, {"sleep", "1000"}));
        const pid_t qemu = run.qemu();
        ASSERT_GT(qemu, 0);
        run.signal(number);
        EXPECT_EQ(run.wait().status, number == SIGKILL ? 128 + SIGKILL : 130);
        EXPECT_FALSE(still_runs(qemu)) << "after signal " << number;
    }
}

std::string status_field(pid_t pid, const std::string &name)
{
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":\t"))
            return line.substr(name.size() + 2);
    }
    return {};
}

TEST_F(Boot, QemuHasNoPrivilegesAndNoSystemCallsThatItDoesNotNeed)
{
    const KrunctlRun run(words({}, {"sleep", "1000"}));
    const pid_t qemu = run.qemu();
    ASSERT_GT(qemu, 0);
    EXPECT_EQ(status_field(qemu, "NoNewPrivs"), "1");
    // QEMU itself installs the filter, when it has read its options; there may be others around all of this.
    const auto filters = [](pid_t pid) { return std::atoi(status_field(pid, "Seccomp_filters").c_str()); };
    for (int waited = 0; waited < 600 && filters(qemu) <= filters(getpid()); ++waited)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_GT(filters(qemu), filters(getpid()));
    EXPECT_EQ(status_field(qemu, "Name"), "qemu-system-x86");
    if (geteuid() != 0)
        GTEST_SKIP() << "only root has privileges to give up";
    const int user = std::atoi(status_field(qemu, "Uid").c_str());
    EXPECT_GE(user, 65000);
    EXPECT_LT(user, 65500);
    const auto four = [&](int id) {
        const auto text = std::to_string(id);
        return text + "\t" + text + "\t" + text + "\t" + text;
    };
    EXPECT_EQ(status_field(qemu, "Uid"), four(user));
    EXPECT_EQ(status_field(qemu, "Gid"), four(user));
    EXPECT_EQ(status_field(qemu, "Groups").find_first_not_of(' '), std::string::npos);
    EXPECT_EQ(status_field(qemu, "CapEff"), "0000000000000000");
}

// Nobody else can read or execute any of them; QEMU, which is somebody else, gets them all the same.
TEST_F(Boot, AKernelAndAQemuOfTheCallersAloneAreNoObstacle)
{
    char folder[] = "/tmp/krun-boot-XXXXXX"; // mode 0700
    ASSERT_NE(mkdtemp(folder), nullptr);
    const std::string own = std::string(folder) + "/bzImage";
    ASSERT_EQ(std::system(("install -m 0600 " + kernel() + " " + own).c_str()), 0);
    const std::string log = std::string(folder) + "/console,1.log";
    const char *given = std::getenv("KRUN_TESTBED_QEMU");
    const std::string testbed =
        given == nullptr ? "\"$(ls -td \"${XDG_CACHE_HOME:-$HOME/.cache}\"/krun/qemu/testbed-* | head -1)\"" : given;
    ASSERT_EQ(std::system(("cp -r " + testbed + " " + folder + "/qemu && chmod -R go= " + folder + "/qemu").c_str()),
              0);
    setenv("KRUN_TESTBED_QEMU", (std::string(folder) + "/qemu").c_str(), 1);
    const auto ran = KrunctlRun({"boot", "--accel", "tcg", "--kernel", own, "--console-log", log, "--", "true"}).wait();
    EXPECT_EQ(ran.status, 0) << ran.errors;
    if (given == nullptr)
        unsetenv("KRUN_TESTBED_QEMU");
    EXPECT_EQ(std::system(("grep -q 'Linux version' " + log).c_str()), 0);
    static_cast<void>(std::system(("rm -r " + std::string(folder)).c_str()));
}

// It is root, but of no other user: there is nothing that it could give up.
TEST_F(Boot, RootOfAUserNamespaceWithoutOtherUsersRunsAGuestToo)
{
    if (std::system("unshare --user --map-root-user true") != 0)
        GTEST_SKIP() << "user namespaces cannot be made here";
    std::string script =
        "exec unshare --user --map-root-user '" KRUNCTL "' boot --accel tcg --kernel " + kernel() + " -- true";
    EXPECT_EQ(std::system(script.c_str()), 0);
}

TEST_F(Boot, DryRunPrintsOneCommandAndStartsNothing)
{
    const Ran ran = boot({"--dry-run", "--cpus", "3"}, {"true"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.output.find("-smp 3,sockets=3"), std::string::npos);
    EXPECT_EQ(ran.output.find('\n'), ran.output.size() - 1);
}

TEST(BootUsage, WhatIsNotAKernelIsRefused)
{
    const Ran ran = KrunctlRun({"boot", "--accel", "tcg", "--kernel", "/etc/passwd", "--", "true"}).wait();
    EXPECT_EQ(ran.status, 2);
    EXPECT_NE(ran.errors.find("not an x86 kernel image"), std::string::npos);
    EXPECT_EQ(ran.output, "");
}

TEST_F(Boot, MistakesInCopyInAreWrongUsage)
{
    for (const char *copy_in : {"/no/such/file:/x", "/etc/passwd:relative", "/etc/passwd", "/etc/passwd:/proc/x"}) {
        const Ran ran = boot({"--copy-in", copy_in}, {"true"});
        EXPECT_EQ(ran.status, 2) << copy_in << ran.errors;
    }
}

} // namespace
