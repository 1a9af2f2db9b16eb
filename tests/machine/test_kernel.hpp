// SPDX-License-Identifier: MIT
// For tests that boot a Krun kernel: the one that KRUN_TEST_KERNEL names.
#pragma once

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "krunctl_run.hpp"

class WithTestKernel : public testing::Test
{
  protected:
    void SetUp() override
    {
        const char *kernel = std::getenv("KRUN_TEST_KERNEL");
        if (kernel == nullptr || *kernel == '\0')
            GTEST_SKIP() << "KRUN_TEST_KERNEL names no bzImage";
        kernel_ = kernel;
    }

    [[nodiscard]] std::vector<std::string> words(const std::vector<std::string> &options,
                                                 const std::vector<std::string> &command) const
    {
        std::vector<std::string> all{"boot", "--accel", "tcg", "--kernel", kernel_};
        all.insert(all.end(), options.begin(), options.end());
        all.emplace_back("--");
        all.insert(all.end(), command.begin(), command.end());
        return all;
    }

    [[nodiscard]] Ran boot(const std::vector<std::string> &options, const std::vector<std::string> &command,
                           const std::string &input = {}) const
    {
        return KrunctlRun(words(options, command), input).wait();
    }

    [[nodiscard]] const std::string &kernel() const { return kernel_; }

  private:
    std::string kernel_;
};
