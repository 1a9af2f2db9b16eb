// SPDX-License-Identifier: MIT
// The file system in memory refuses what the real one refuses, in the same words: each step is done in both.
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/temporary_folder.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

class FakeFilesystemTest : public testing::Test
{
  protected:
    FakeFilesystemTest()
    {
        for (Filesystem *files : {static_cast<Filesystem *>(&fake), static_cast<Filesystem *>(&real)}) {
            for (const auto *name : {"full/inner", "empty", "other"})
                EXPECT_TRUE(files->make_directories(root / name));
            for (const auto *name : {"file", "other_file", "full/a", "other/b"})
                EXPECT_TRUE(files->write(root / name, name));
        }
        fs::create_symlink("nowhere", root / "link");
        fake.links.insert(root / "link");
    }
    static std::string outcome(const Result<void> &result) { return result ? "done" : result.error().message; }
    template <typename T> static std::string outcome(const Result<T> &result)
    {
        return result ? "done" : result.error().message;
    }
    template <typename Step> void expect_same(const Step &step)
    {
        EXPECT_EQ(outcome(step(fake)), outcome(step(real)));
        EXPECT_EQ(names_in(fake, root), names_in(real, root));
    }
    // All below, and what is in the files.
    static std::string names_in(Filesystem &files, const fs::path &folder)
    {
        std::string text;
        const auto names = files.list(folder).value();
        for (const auto &name : names) {
            text += (folder / name).string();
            if (files.is_directory(folder / name))
                text += "/\n" + names_in(files, folder / name);
            else
                text += ": " + files.read(folder / name).value_or("unreadable") + "\n";
        }
        return text;
    }

    TemporaryFolder folder;
    fs::path root = folder.path() / "root";
    FakeFilesystem fake;
    SystemFilesystem real;
};

TEST_F(FakeFilesystemTest, ReadingRefusesTheSame)
{
    for (const auto *name : {"file", "none", "empty", "full/none", "link"}) {
        expect_same([&](Filesystem &files) { return files.read(root / name); });
        expect_same([&](Filesystem &files) { return files.read_if_there(root / name); });
        expect_same([&](Filesystem &files) { return files.list(root / name); });
        expect_same([&](Filesystem &files) { return files.copy_file(root / name, root / "copy"); });
    }
}

TEST_F(FakeFilesystemTest, WritingRefusesTheSame)
{
    for (const auto *name : {"file", "new", "empty", "none/new", "file/new"}) {
        expect_same([&](Filesystem &files) { return files.check_writable(root / name); });
        expect_same([&](Filesystem &files) { return files.write(root / name, "text"); });
        expect_same([&](Filesystem &files) { return files.write_durably(root / name, "text", 0600); });
        expect_same([&](Filesystem &files) { return files.copy_file(root / "full/a", root / name); });
    }
}

TEST_F(FakeFilesystemTest, RenamingRefusesTheSame)
{
    for (const auto *from : {"file", "full", "empty", "none", "link"}) {
        for (const auto *to : {"new", "other_file", "empty", "other", "full/inner/deep", "none/new", "file/new"}) {
            expect_same([&](Filesystem &files) { return files.rename(root / from, root / to); });
            expect_same([&](Filesystem &files) { return files.rename(root / to, root / from); });
        }
    }
}

TEST_F(FakeFilesystemTest, FoldersAreMadeAndRemovedTheSame)
{
    for (const auto *name : {"file", "file/new", "full", "deep/er", "link"})
        expect_same([&](Filesystem &files) { return files.make_directories(root / name); });
    for (const auto *name : {"full", "private/own", "private/own", "file"})
        expect_same([&](Filesystem &files) { return files.make_private_folder(root / name); });
    for (const auto *name : {"file", "none", "empty", "link"})
        expect_same([&](Filesystem &files) { return files.remove_file(root / name); });
    for (const auto *name : {"full", "none", "other_file"})
        expect_same([&](Filesystem &files) { return files.remove_all(root / name); });
}

} // namespace
} // namespace krun
