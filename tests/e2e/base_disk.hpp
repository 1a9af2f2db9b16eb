// SPDX-License-Identifier: MIT
// The disk that every scenario starts from: Debian 12 with its own kernel and GRUB, made once and kept in the cache.
#pragma once

#include <filesystem>

#include "machine/testbed_qemu.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// Its disk.raw. Made when it is not there, which takes some minutes.
Result<std::filesystem::path> base_disk(ProcessRunner &runner, Filesystem &files, const TestbedQemu &qemu);

} // namespace krun
