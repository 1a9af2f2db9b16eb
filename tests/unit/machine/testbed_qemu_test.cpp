// SPDX-License-Identifier: MIT
#include "machine/testbed_qemu.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "self/krunctl.hpp"

namespace krun
{
namespace
{

class TestbedQemuTest : public testing::Test
{
  protected:
    TestbedQemuTest()
    {
        unsetenv("KRUN_TESTBED_QEMU");
        files.add(folder / "series", "one.patch\n");
        files.add(folder / "one.patch", "--- a\n");
        files.add(folder / "devices.mak", "CONFIG_I440FX=y\n");
        runner.on({"sha256sum"}, [this](const Command &command) {
            hashed = command.input;
            ProcessResult result;
            result.output = std::string(64, 'a') + "  -\n";
            return result;
        });
    }
    std::string key()
    {
        EXPECT_TRUE(testbed_qemu_folder(Env{runner, files}));
        return hashed;
    }
    const std::filesystem::path folder = data_directory() / "testbed/qemu";
    FakeFilesystem files;
    FakeProcessRunner runner;
    std::string hashed;
};

TEST_F(TestbedQemuTest, AnotherDeviceIsAnotherQemu)
{
    const auto before = key();
    EXPECT_EQ(key(), before);
    files.add(folder / "devices.mak", "CONFIG_I440FX=y\nCONFIG_VIRTIO_NET=y\n");
    EXPECT_NE(key(), before);
}

TEST_F(TestbedQemuTest, AnotherPatchIsAnotherQemu)
{
    const auto before = key();
    files.add(folder / "one.patch", "--- b\n");
    EXPECT_NE(key(), before);
}

TEST_F(TestbedQemuTest, WithoutTheListOfDevicesThereIsNone)
{
    files.contents.erase(folder / "devices.mak");
    EXPECT_FALSE(testbed_qemu_folder(Env{runner, files}));
}

} // namespace
} // namespace krun
