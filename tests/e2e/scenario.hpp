// SPDX-License-Identifier: MIT
// What all scenarios begin with: a machine of their own, Debian running on it, krunctl installed.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "disk_machine.hpp"
#include "inputs.hpp"

namespace krun
{

class EndToEnd : public testing::Test
{
  protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite();
    void SetUp() override;

    // A machine whose disk is a new layer on `below`, which is left as it is. Powers it on.
    DiskMachine &start_on(const std::filesystem::path &below, const std::string &format);
    // On the base disk, with the packages unpacked in /root/packages and krunctl installed.
    DiskMachine &start();

    // Everything that an installation may touch. Two of them are compared by EXPECT_EQ.
    static std::string state_of(DiskMachine &machine);
    // The command line that installs the Krun kernel, with everything that comes along.
    static const char *install_command();
    static const std::string &krun_release() { return inputs_->release; }

    // Shuts the machine down and gives its disk away, for other scenarios to begin with.
    std::filesystem::path shut_down_and_keep(const std::string &name);

    Transcript &transcript() { return *transcript_; }
    static std::unique_ptr<Inputs> inputs_;

  private:
    std::filesystem::path disk_;
    std::unique_ptr<Transcript> transcript_;
    std::unique_ptr<DiskMachine> machine_;
};

} // namespace krun
