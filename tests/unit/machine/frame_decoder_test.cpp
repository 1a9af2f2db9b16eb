// SPDX-License-Identifier: MIT
#include "machine/frame_decoder.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace krun
{
namespace
{

struct Seen {
    char kind;
    std::string payload;
    bool operator==(const Seen &) const = default;
};

class FrameDecoderTest : public testing::Test
{
  protected:
    Result<void> feed(std::string_view bytes)
    {
        return decoder.feed(bytes, [this](const Frame &frame) {
            seen.push_back({static_cast<char>(frame.kind), std::string(frame.payload)});
        });
    }

    const std::string hello = encoded_frame(KRUN_GUEST_FRAME_HELLO, KRUN_GUEST_HELLO);
    FrameDecoder decoder;
    std::vector<Seen> seen;
};

TEST_F(FrameDecoderTest, SkipsWhatFirmwareWroteBeforeTheGreeting)
{
    ASSERT_TRUE(feed("SeaBIOS\r\nH\0\0\0" + hello + encoded_frame(KRUN_GUEST_FRAME_OUTPUT, "x")));
    EXPECT_EQ(seen, (std::vector<Seen>{{'H', KRUN_GUEST_HELLO}, {'O', "x"}}));
}

TEST_F(FrameDecoderTest, GivesTheSameFramesHoweverTheBytesAreSplit)
{
    std::string all_bytes;
    for (int value = 0; value < 256; ++value)
        all_bytes += static_cast<char>(value);
    const std::string stream = "noise" + hello + encoded_frame(KRUN_GUEST_FRAME_OUTPUT, all_bytes) +
                               encoded_frame(KRUN_GUEST_FRAME_ERRORS, "") +
                               encoded_frame(KRUN_GUEST_FRAME_STATUS, std::string_view("\7\0\0\0", 4));
    const std::vector<Seen> expected{
        {'H', KRUN_GUEST_HELLO}, {'O', all_bytes}, {'E', ""}, {'S', std::string("\7\0\0\0", 4)}};
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        decoder = {};
        seen.clear();
        for (std::size_t at = 0; at < stream.size(); at += size)
            ASSERT_TRUE(feed(std::string_view(stream).substr(at, size)));
        EXPECT_EQ(seen, expected) << "in pieces of " << size;
    }
}

TEST_F(FrameDecoderTest, HoldsAFrameBackUntilItIsWhole)
{
    const std::string frame = encoded_frame(KRUN_GUEST_FRAME_OUTPUT, "abc");
    ASSERT_TRUE(feed(hello + frame.substr(0, frame.size() - 1)));
    EXPECT_EQ(seen.size(), 1U);
    ASSERT_TRUE(feed(frame.substr(frame.size() - 1)));
    EXPECT_EQ(seen.back(), (Seen{'O', "abc"}));
}

TEST_F(FrameDecoderTest, RefusesBytesThatAreNoFrame)
{
    ASSERT_TRUE(feed(hello));
    EXPECT_FALSE(feed("this is no frame"));
}

TEST_F(FrameDecoderTest, RefusesALengthThatNoGuestSends)
{
    ASSERT_TRUE(feed(hello));
    EXPECT_FALSE(feed(std::string_view("O\0\0\0\xff\xff\xff\xff", 8)));
}

TEST_F(FrameDecoderTest, RefusesAStatusOfTheWrongSize)
{
    ASSERT_TRUE(feed(hello));
    EXPECT_FALSE(feed(encoded_frame(KRUN_GUEST_FRAME_STATUS, "ab")));
}

TEST(FrameEncodingTest, NumbersAreLittleEndian)
{
    EXPECT_EQ(frame_number(std::string_view("\x01\x02\x03\x84", 4)), 0x84030201U);
    EXPECT_EQ(encoded_size_frame(24, 300), std::string("W\0\0\0\4\0\0\0\x18\0\x2c\1", 12));
}

} // namespace
} // namespace krun
