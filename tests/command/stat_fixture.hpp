// SPDX-License-Identifier: MIT
// krunctl stat in a folder of its own; shells start it, as people's scripts do.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "sandbox.hpp"
#include "util/process.hpp"

namespace krun
{

class StatTest : public testing::Test
{
  protected:
    StatTest()
    {
        auto name = (std::filesystem::temp_directory_path() / "krun-stat-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary folder");
        folder = name;
    }
    ~StatTest() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    // `$0` is krunctl.
    ProcessResult shell(const std::string &text) { return run({"sh", "-c", text, KRUNCTL}); }
    ProcessResult stat(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {KRUNCTL, "stat"});
        return run(std::move(arguments));
    }
    std::filesystem::path folder;

  private:
    ProcessResult run(std::vector<std::string> argv)
    {
        Command command;
        command.argv = std::move(argv);
        command.environment = {{"LC_ALL", "C"}};
        command.directory = folder;
        command.timeout = std::chrono::seconds(120);
        auto result = runner_.run(command);
        if (!result)
            throw std::runtime_error(result.error().message);
        EXPECT_FALSE(result->timed_out);
        return *result;
    }
    SystemProcessRunner runner_;
};

} // namespace krun
