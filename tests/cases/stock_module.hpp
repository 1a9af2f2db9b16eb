// SPDX-License-Identifier: MIT
// A module of a stock kernel that is not built in, as insmod takes it.
#pragma once

#include "cases/case.hpp"
#include "source/stock_kernel.hpp"

namespace krun
{

// `name` is its place without ".ko", "arch/x86/kernel/msr". Some kernels have their modules compressed.
Result<std::filesystem::path> stock_module(const Case &one, const StockKernel &kernel, const std::string &name);

} // namespace krun
