// SPDX-License-Identifier: MIT
// Debian's own kernel of a line, with the headers that a module needs: from Debian's packages, unpacked in the cache.
// Nothing is installed.
#pragma once

#include <filesystem>
#include <string>

#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

struct StockKernel {
    std::string release;           // as uname -r
    std::filesystem::path image;   // bzImage
    std::filesystem::path modules; // lib/modules/RELEASE/kernel
    std::filesystem::path headers; // what `make -C` takes for a module
};

// Downloads what is not in the cache yet. host_lacks: the line has no kernel of Debian's that serves here.
Result<StockKernel> stock_kernel(const Env &env, const KernelLine &line);

} // namespace krun
