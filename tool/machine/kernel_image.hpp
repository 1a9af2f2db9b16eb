// SPDX-License-Identifier: MIT
// What a bzImage says about itself in its setup header (Documentation/arch/x86/boot.rst).
#pragma once

#include <filesystem>
#include <string>

#include "util/result.hpp"

namespace krun
{

// An Error if the file is not a 64-bit x86 kernel: QEMU would jump into it anyway and hang.
Result<void> check_kernel_image(const std::filesystem::path &kernel);
// What `uname -r` will say.
Result<std::string> kernel_release(const std::filesystem::path &kernel);

} // namespace krun
