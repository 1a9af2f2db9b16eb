// SPDX-License-Identifier: MIT
// Modules on kernels that are not patched: theirs, and ours.
#pragma once

#include <map>

#include "cases/case.hpp"
#include "source/stock_kernel.hpp"

namespace krun
{

constexpr unsigned memory_of_stock_kernels = 1024;

// What the case module-LINE has made, or module-LINE-CONFIG for an unpatched kernel that is compiled here.
struct BuiltModule {
    std::filesystem::path image;
    std::vector<std::filesystem::path> modules; // msr, if it is one, and krun
    std::filesystem::path bare_call;            // tests/kernel/module
};

// An Error with ExitCode::host_lacks: it has not.
Result<BuiltModule> built_module(const Case &one, const std::string &config = "");
// For the case's result.
std::map<std::string, std::string> facts_of(const BuiltModule &built);

// A module of the kernel's own that is not built in, as insmod takes it. `name` is its place without ".ko",
// "arch/x86/kernel/msr". Some kernels have their modules compressed.
Result<std::filesystem::path> stock_module(const Case &one, const StockKernel &kernel, const std::string &name);

} // namespace krun
