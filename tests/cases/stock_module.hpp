// SPDX-License-Identifier: MIT
// Modules on Debian's own kernels: theirs, and ours.
#pragma once

#include "cases/case.hpp"
#include "source/stock_kernel.hpp"

namespace krun
{

constexpr unsigned memory_of_stock_kernels = 1024;

// What the case module-LINE has made.
struct BuiltModule {
    std::filesystem::path image;
    std::vector<std::filesystem::path> modules; // msr, krun
    std::filesystem::path bare_call;            // tests/kernel/module
};

// An Error with ExitCode::host_lacks: it has not.
Result<BuiltModule> built_module(const Case &one);

// A module of the kernel's own that is not built in, as insmod takes it. `name` is its place without ".ko",
// "arch/x86/kernel/msr". Some kernels have their modules compressed.
Result<std::filesystem::path> stock_module(const Case &one, const StockKernel &kernel, const std::string &name);

} // namespace krun
