// SPDX-License-Identifier: MIT
// Text that is redrawn on a terminal, and how much room there is for it.
#include "util/terminal.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fakes/own_terminal.hpp"

namespace krun
{

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LiveTexts : public testing::Test
{
  protected:
    LiveTexts()
    {
        unsetenv("LINES");
        unsetenv("COLUMNS");
    }
    ~LiveTexts() override
    {
        unsetenv("LINES");
        unsetenv("COLUMNS");
    }
};

// stdout of the test is no terminal while it is captured.
Room room_of_a_file()
{
    testing::internal::CaptureStdout();
    const Room room = room_on_stdout();
    testing::internal::GetCapturedStdout();
    return room;
}

TEST_F(LiveTexts, AFileHasTheRoomThatTheEnvironmentSays)
{
    EXPECT_EQ(room_of_a_file(), Room{});
    setenv("COLUMNS", "132", 1);
    EXPECT_EQ(room_of_a_file(), (Room{{}, 132}));
    setenv("LINES", "50", 1);
    EXPECT_EQ(room_of_a_file(), (Room{50, 132}));
    for (const char *nonsense : {"", "0", "-5", "many", "40x", "99999999999999999999999"}) {
        setenv("LINES", nonsense, 1);
        EXPECT_EQ(room_of_a_file(), (Room{{}, 132})) << nonsense;
    }
}

TEST_F(LiveTexts, ATerminalSaysItselfHowLargeItIs)
{
    setenv("COLUMNS", "132", 1);
    OwnTerminal terminal(STDOUT_FILENO, 30, 100);
    EXPECT_EQ(room_on_stdout(), (Room{30, 100}));
    EXPECT_EQ(LiveText(true).room(), (Room{29, 100})); // the cursor's line is left free
    terminal.resize(0, 0);                             // as a serial line does
    EXPECT_EQ(room_on_stdout(), (Room{24, 132}));
    terminal.resize(1, 7);
    EXPECT_EQ(LiveText(true).room(), (Room{1, 7}));
}

TEST_F(LiveTexts, OnATerminalEachVersionTakesThePlaceOfTheOneBefore)
{
    OwnTerminal terminal(STDOUT_FILENO);
    LiveText text(true);
    EXPECT_TRUE(text.in_place());
    EXPECT_TRUE(text.show("one\ntwo\nthree\n"));
    EXPECT_TRUE(text.show("four\nfive\n"));
    EXPECT_THAT(lines_seen(terminal.written()), ElementsAre("four", "five", ""));
}

TEST_F(LiveTexts, ATerminalOfAnotherSizeIsCleared)
{
    OwnTerminal terminal(STDOUT_FILENO);
    LiveText text(true);
    EXPECT_FALSE(text.is_out_of_shape());
    text.show("one\n");
    EXPECT_FALSE(text.is_out_of_shape());
    terminal.resize(24, 40);
    EXPECT_TRUE(text.is_out_of_shape());
    text.show("two\n");
    EXPECT_FALSE(text.is_out_of_shape());
    const auto written = terminal.written();
    EXPECT_THAT(written, HasSubstr("\033[H\033[2J"));
    EXPECT_THAT(lines_seen(written), ElementsAre("two", ""));
}

TEST_F(LiveTexts, ElsewhereTheVersionsFollowOneAnother)
{
    testing::internal::CaptureStdout();
    LiveText text(true);
    EXPECT_FALSE(text.in_place());
    text.show("one\n");
    text.show("two\n");
    EXPECT_FALSE(text.is_out_of_shape());
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "one\ntwo\n");
    OwnTerminal terminal(STDOUT_FILENO);
    LiveText log(false); // on a terminal, too, if it is not to be replaced
    log.show("one\n");
    log.show("two\n");
    EXPECT_THAT(terminal.written(), Not(HasSubstr("\033")));
}

} // namespace
} // namespace krun
