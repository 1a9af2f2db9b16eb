// SPDX-License-Identifier: MIT
// `krunctl boot` with the streams, signals and folders that it may be started with; a shell sets them up.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>

#include "test_kernel.hpp"

namespace
{

class BootEnvironment : public WithTestKernel
{
  protected:
    void SetUp() override
    {
        WithTestKernel::SetUp();
        setenv("KRUNCTL", KRUNCTL, 1);
    }

    // What the script prints; `boot` in it boots the kernel, within two minutes.
    static std::string shell(const std::string &script)
    {
        const auto text =
            "boot() { timeout 120 \"$KRUNCTL\" boot --accel tcg --kernel \"$KRUN_TEST_KERNEL\" \"$@\"; }\n" + script;
        FILE *stream = popen(text.c_str(), "r");
        std::string output;
        std::array<char, 4096> chunk{};
        for (std::size_t size = 0; (size = fread(chunk.data(), 1, chunk.size(), stream)) > 0;)
            output.append(chunk.data(), size);
        pclose(stream);
        return output;
    }
};

TEST_F(BootEnvironment, AClosedStdinIsAnEmptyOne)
{
    EXPECT_EQ(shell("boot -- cat <&-; echo $?"), "0\n");
    EXPECT_EQ(shell("boot -- cat <&- 2>&-; echo $?"), "0\n");
}

TEST_F(BootEnvironment, AClosedStdoutLosesWhatTheCommandWrites)
{
    EXPECT_EQ(shell("exec 3>&1; boot -- echo text >&- 2>&3; echo $? >&3"),
              "krunctl: error: cannot pass the guest's output on: Bad file descriptor\n4\n");
    EXPECT_EQ(shell("exec 3>&1; boot -- true >&-; echo $? >&3"), "0\n");
}

TEST_F(BootEnvironment, AClosedStderrIsAsIfItWereDevNull)
{
    EXPECT_EQ(shell("boot -- sh -c 'echo out; echo lost >&2; exit 5' 2>&-; echo $?"), "out\n5\n");
}

TEST_F(BootEnvironment, AHangupThatIsIgnoredEndsNoJob)
{
    // Without timeout(1), which catches the signal itself.
    EXPECT_EQ(shell("trap '' HUP; \"$KRUNCTL\" boot --accel tcg --kernel \"$KRUN_TEST_KERNEL\" --timeout 60 -- "
                    "sh -c 'echo begun; sleep 5; echo done' >out.$$ & "
                    "while kill -0 $! && ! grep -q begun out.$$; do sleep 0.2; done; "
                    "kill -HUP $!; wait $!; echo $?; cat out.$$; rm out.$$"),
              "0\nbegun\ndone\n");
}

TEST_F(BootEnvironment, AReaderThatHasEnoughEndsTheMachine)
{
    EXPECT_EQ(shell("boot -- yes 2>/dev/null | head -1"), "y\n");
}

// Not at the next reading, which is an hour away.
TEST_F(BootEnvironment, WatchEndsWithItsReader)
{
    EXPECT_EQ(shell("boot -- sh -c '{ krunctl watch --interval 3600; echo $? >status; } | head -1 | cut -d, -f1; "
                    "cat status'; echo $?"),
              "reading 1\n0\n0\n");
}

TEST_F(BootEnvironment, TheConsoleGoesIntoPipesAndDevicesToo)
{
    const auto printed = shell("boot --console-log /dev/stdout -- echo result");
    EXPECT_EQ(printed.rfind("result\n", 0), 0U) << printed;
    EXPECT_NE(printed.find("Run /init as init process"), std::string::npos) << printed;
    EXPECT_NE(shell("mkfifo pipe.$$; cat pipe.$$ & boot --console-log pipe.$$ -- true; wait; rm pipe.$$")
                  .find("Run /init as init process"),
              std::string::npos);
    EXPECT_EQ(shell("boot --console-log /dev/null -- true; echo $?; test -c /dev/null && echo device"), "0\ndevice\n");
}

// In each, krunctl is process 1 or 2, and knows of none of the others.
TEST_F(BootEnvironment, FourProcessNamespacesShareACacheSideBySide)
{
    if (shell("unshare --pid --fork true 2>/dev/null && echo possible") != "possible\n")
        GTEST_SKIP() << "this user cannot make a process namespace";
    EXPECT_EQ(shell("for n in 1 2 3 4; do "
                    "unshare --pid --fork timeout 120 \"$KRUNCTL\" boot --accel tcg --kernel \"$KRUN_TEST_KERNEL\" "
                    "--cpus 1 -- sh -c \"sleep 2; echo $n\" & done | sort; wait"),
              "1\n2\n3\n4\n");
}

// The console is still looked at where nobody else can.
TEST_F(BootEnvironment, AWordInAnotherIsNoProblemOfTheKernelsAndAProblemIsOne)
{
    EXPECT_EQ(shell("boot -- sh -c 'echo DEBUG: all is well >/dev/kmsg'; echo $?"), "0\n");
    EXPECT_EQ(shell("boot --console-log /dev/null -- sh -c 'echo BUG: for real >/dev/kmsg' 2>/dev/null; echo $?"),
              "4\n");
}

} // namespace
