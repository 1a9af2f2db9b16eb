// SPDX-License-Identifier: MIT
// The overlay: what is put into a kernel tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "source/tree_cache.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Overlay, CopiesOnlyWhatDiffersAndRemovesWhatIsGone)
{
    FakeFilesystem files;
    files.add("/from/same.c", "1");
    files.add("/from/changed.c", "2");
    files.add("/from/sub/new.c", "3");
    files.add("/to/same.c", "1");
    files.add("/to/changed.c", "old");
    files.add("/to/gone.c", "4");
    files.add("/to/gone/file.c", "5");
    EXPECT_EQ(mirror_folder(files, "/from", "/to").value(), 4U);
    EXPECT_THAT(files.written, ElementsAre("/to/changed.c", "/to/sub/new.c"));
    EXPECT_THAT(files.list("/to").value(), ElementsAre("changed.c", "same.c", "sub"));
    files.written.clear();
    EXPECT_EQ(mirror_folder(files, "/from", "/to").value(), 0U);
    EXPECT_TRUE(files.written.empty());
}

TEST(Overlay, NothingIsWrittenOrRemovedBehindALink)
{
    FakeFilesystem files;
    files.add("/from/a.c", "1");
    files.add("/from/sub/b.c", "2");
    files.add("/to/sub/precious", "3");
    files.links = {"/to/sub"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_TRUE(files.exists("/to/sub/precious"));
    files.links = {"/to"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_TRUE(files.exists("/to/sub/precious"));
    files.add("/to/a.c", "what the link leads to");
    files.links = {"/to/a.c"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_EQ(files.contents["/to/a.c"], "what the link leads to");
}

TEST(Overlay, ALinkIsFoundAtThePlaceAndAboveIt)
{
    FakeFilesystem files;
    const std::filesystem::path place = "tools/testing/krun";
    EXPECT_TRUE(expect_no_link(files, "/tree", place));
    files.links = {"/tree"}; // it is the user's, who named it
    EXPECT_TRUE(expect_no_link(files, "/tree", place));
    for (const auto *link : {"/tree/tools", "/tree/tools/testing", "/tree/tools/testing/krun"}) {
        files.links = {link};
        const auto free = expect_no_link(files, "/tree", place);
        ASSERT_FALSE(free) << link;
        EXPECT_THAT(free.error().message, HasSubstr(std::string(link) + " is a link"));
    }
}

} // namespace
} // namespace krun
