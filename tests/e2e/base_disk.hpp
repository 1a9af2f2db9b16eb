// SPDX-License-Identifier: MIT
// The disk that every scenario starts from: Debian 12 with its own kernel and GRUB, made once and kept in the cache.
#pragma once

#include <filesystem>

#include "machine/testbed_qemu.hpp"
#include "util/env.hpp"

namespace krun
{

// Its disk.raw. Made when it is not there, which takes some minutes.
Result<std::filesystem::path> base_disk(const Env &env, const TestbedQemu &qemu);

} // namespace krun
