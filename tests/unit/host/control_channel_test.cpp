// SPDX-License-Identifier: MIT
#include "host/measured_command.hpp"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakes/temporary_folder.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

// As a measured program has it: the ends that krunctl does not have.
struct Ends {
    OwnedDescriptor commands;
    OwnedDescriptor acknowledgements;

    void say(const std::string &text) const
    {
        EXPECT_EQ(write(commands.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string heard() const
    {
        std::array<char, 100> text{};
        const auto size = read(acknowledgements.get(), text.data(), text.size());
        return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
    }
};

class ControlFifo : public testing::Test
{
  protected:
    void SetUp() override
    {
        for (const auto &path : {commands, acknowledgements})
            ASSERT_EQ(mkfifo(path.c_str(), S_IRUSR | S_IWUSR), 0);
    }
    [[nodiscard]] Ends other_ends() const
    {
        return {OwnedDescriptor(open(commands.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)),
                OwnedDescriptor(open(acknowledgements.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC))};
    }
    TemporaryFolder folder;
    std::string commands = folder.path() / "commands";
    std::string acknowledgements = folder.path() / "acks";
};

TEST_F(ControlFifo, LinesComeInOrderAndNobodyWaits)
{
    auto channel = ControlChannel::open("fifo:" + commands);
    ASSERT_TRUE(channel);
    EXPECT_EQ(channel->next(), std::nullopt);
    const auto ends = other_ends();
    ends.say("enable\nping\n");
    EXPECT_EQ(channel->next(), "enable");
    EXPECT_EQ(channel->next(), "ping");
    EXPECT_EQ(channel->next(), std::nullopt);
}

TEST_F(ControlFifo, APartOfALineWaitsForItsRest)
{
    auto channel = ControlChannel::open("fifo:" + commands);
    ASSERT_TRUE(channel);
    const auto ends = other_ends();
    ends.say("ena");
    EXPECT_EQ(channel->next(), std::nullopt);
    ends.say("ble");
    EXPECT_EQ(channel->next(), std::nullopt);
    ends.say("\ndis");
    EXPECT_EQ(channel->next(), "enable");
    EXPECT_EQ(channel->next(), std::nullopt);
}

TEST_F(ControlFifo, OfALineThatIsTooLongNotEvenTheEndIsACommand)
{
    auto channel = ControlChannel::open("fifo:" + commands);
    ASSERT_TRUE(channel);
    const auto ends = other_ends();
    for (int i = 0; i < 4; i++) {
        ends.say(std::string(2000, 'x'));
        EXPECT_EQ(channel->next(), std::nullopt);
    }
    ends.say("enable\nping\n");
    EXPECT_EQ(channel->next(), "ping");
    EXPECT_EQ(channel->next(), std::nullopt);
}

TEST_F(ControlFifo, OutlivesItsWriters)
{
    auto channel = ControlChannel::open("fifo:" + commands);
    ASSERT_TRUE(channel);
    for (const auto *word : {"enable", "disable"}) {
        other_ends().say(std::string(word) + "\n");
        EXPECT_EQ(channel->next(), word);
        EXPECT_EQ(channel->next(), std::nullopt);
        EXPECT_GE(channel->descriptor(), 0);
    }
}

TEST_F(ControlFifo, AcknowledgementsThatNobodyReadsAreLostAndNobodyWaits)
{
    auto channel = ControlChannel::open("fifo:" + commands + "," + acknowledgements);
    ASSERT_TRUE(channel);
    channel->acknowledge();
    const auto ends = other_ends();
    EXPECT_EQ(ends.heard(), "ack\n");
    for (int i = 0; i < 100000; i++) // far more than a pipe holds
        channel->acknowledge();
    EXPECT_THAT(ends.heard(), HasSubstr("ack\nack\n"));
}

TEST_F(ControlFifo, WithoutAcknowledgementsNothingIsWritten)
{
    auto channel = ControlChannel::open("fifo:" + commands);
    ASSERT_TRUE(channel);
    channel->acknowledge();
    EXPECT_EQ(channel->next(), std::nullopt); // nor to the commands, which would come back
}

TEST(ControlChannelTest, WhatIsNoChannelIsRefused)
{
    const TemporaryFolder folder;
    const auto file = (folder.path() / "file").string();
    std::ofstream(file) << "enable\n";
    const auto fifo = (folder.path() / "fifo").string();
    ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
    const std::vector<std::pair<std::string, std::string>> refused = {{"", "is neither a FIFO nor a descriptor"},
                                                                      {"fifo", "neither"},
                                                                      {"file:" + fifo, "neither"},
                                                                      {"fifo:" + file, "is not a FIFO"},
                                                                      {"fd:", "is not a descriptor number"},
                                                                      {"fd:-1", "is not a descriptor number"},
                                                                      {"fd:3x", "is not a descriptor number"},
                                                                      {"fd:99999999999", "is not a descriptor number"},
                                                                      {"fd:1000000", "is not open"},
                                                                      {"fifo:" + fifo + "," + file, "is not a FIFO"}};
    for (const auto &[where, message] : refused) {
        const auto channel = ControlChannel::open(where);
        ASSERT_FALSE(channel) << where;
        EXPECT_EQ(channel.error().code, ExitCode::usage) << where;
        EXPECT_THAT(channel.error().message, HasSubstr(message)) << where;
    }
    const auto missing = ControlChannel::open("fifo:" + (folder.path() / "none").string());
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
}

class ControlDescriptor : public testing::Test
{
  protected:
    void SetUp() override
    {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        ours = OwnedDescriptor(ends[0]);
        theirs.commands = OwnedDescriptor(ends[1]);
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        theirs.acknowledgements = OwnedDescriptor(ends[0]);
        answers = OwnedDescriptor(ends[1]);
    }
    [[nodiscard]] std::string name() const { return "fd:" + std::to_string(ours.get()); }
    OwnedDescriptor ours, answers;
    Ends theirs;
};

TEST_F(ControlDescriptor, CarriesCommandsAndAcknowledgements)
{
    auto channel = ControlChannel::open(name() + "," + std::to_string(answers.get()));
    ASSERT_TRUE(channel);
    EXPECT_EQ(channel->next(), std::nullopt);
    theirs.say("enable\n");
    EXPECT_EQ(channel->next(), "enable");
    channel->acknowledge();
    EXPECT_EQ(theirs.heard(), "ack\n");
}

// A shell has both ends of a FIFO on one descriptor, and its `read` must go on to wait.
TEST_F(ControlDescriptor, OfOthersStaysAsItWas)
{
    const auto channel = ControlChannel::open(name() + "," + std::to_string(answers.get()));
    ASSERT_TRUE(channel);
    EXPECT_EQ(fcntl(ours.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(answers.get(), F_GETFL) & O_NONBLOCK, 0);
}

// Otherwise poll() would report its end at once, again and again, beside what is measured.
TEST_F(ControlDescriptor, IsNoLongerWaitedForWithoutAWriter)
{
    auto channel = ControlChannel::open(name());
    ASSERT_TRUE(channel);
    theirs.say("disable\n");
    theirs.commands.reset();
    EXPECT_EQ(channel->next(), "disable");
    EXPECT_EQ(channel->next(), std::nullopt);
    EXPECT_EQ(channel->descriptor(), -1);
    EXPECT_EQ(channel->next(), std::nullopt);
}

TEST_F(ControlDescriptor, MustHaveTheRightDirection)
{
    const auto unreadable = ControlChannel::open("fd:" + std::to_string(answers.get()));
    ASSERT_FALSE(unreadable);
    EXPECT_THAT(unreadable.error().message, HasSubstr("is not open for reading"));
    const auto unwritable = ControlChannel::open(name() + "," + std::to_string(ours.get()));
    ASSERT_FALSE(unwritable);
    EXPECT_THAT(unwritable.error().message, HasSubstr("is not open for writing"));
}

// A socket cannot be opened anew: what is shared with the command must stay a blocking one, and krunctl must not block.
class ControlSocket : public testing::Test
{
  protected:
    void SetUp() override
    {
        int ends[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ours = OwnedDescriptor(ends[0]);
        theirs = OwnedDescriptor(ends[1]);
    }
    [[nodiscard]] std::string name() const { return std::to_string(ours.get()); }
    OwnedDescriptor ours, theirs;
};

TEST_F(ControlSocket, CarriesCommandsAndAcknowledgements)
{
    auto channel = ControlChannel::open("fd:" + name() + "," + name());
    ASSERT_TRUE(channel);
    EXPECT_EQ(channel->next(), std::nullopt);
    ASSERT_EQ(write(theirs.get(), "ping\n", 5), 5);
    EXPECT_EQ(channel->next(), "ping");
    EXPECT_EQ(channel->next(), std::nullopt);
    channel->acknowledge();
    std::array<char, 4> answer{};
    EXPECT_EQ(read(theirs.get(), answer.data(), answer.size()), 4);
    EXPECT_EQ(std::string(answer.data(), answer.size()), "ack\n");
}

TEST_F(ControlSocket, StaysAsItWas)
{
    const auto channel = ControlChannel::open("fd:" + name() + "," + name());
    ASSERT_TRUE(channel);
    EXPECT_EQ(fcntl(ours.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(fcntl(theirs.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ControlSocket, AcknowledgementsThatNobodyReadsAreLostAndNobodyWaits)
{
    auto channel = ControlChannel::open("fd:" + name() + "," + name());
    ASSERT_TRUE(channel);
    for (int i = 0; i < 100000; i++) // more than its buffer holds
        channel->acknowledge();
    EXPECT_EQ(channel->next(), std::nullopt);
}

TEST_F(ControlSocket, AnEndThatIsGoneIsTheEndOfTheCommands)
{
    auto channel = ControlChannel::open("fd:" + name() + "," + name());
    ASSERT_TRUE(channel);
    theirs.reset();
    channel->acknowledge();
    EXPECT_EQ(channel->next(), std::nullopt);
    EXPECT_EQ(channel->descriptor(), -1);
}

} // namespace
} // namespace krun
