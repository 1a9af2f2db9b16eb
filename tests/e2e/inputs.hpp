// SPDX-License-Identifier: MIT
// What the scenarios install, and where they keep their files.
//
// Each variable of the environment names a folder with Debian packages:
//   KRUN_E2E_KERNEL  the image, and perhaps the headers, of a Krun kernel that boots the test's disk
//   KRUN_E2E_PANIC   the image of one that panics at boot
//   KRUN_E2E_TOOLS   krunctl and krun-syscall-dev
// KRUN_E2E_LOGS, too, names a folder: it gets each scenario's transcript and console.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "machine/console_log.hpp"
#include "machine/testbed_qemu.hpp"
#include "util/env.hpp"

namespace krun
{

struct Inputs {
    TestbedQemu qemu;
    std::filesystem::path base;    // the disk
    std::filesystem::path payload; // a tar archive with all packages, in kernel/, panic/ and tools/
    std::shared_ptr<ScratchFolder> scratch;
    std::filesystem::path logs;
    std::string release;       // of the Krun kernel, as uname -r will say
    std::string panic_release; // empty when there is none
};

// Empty when the environment names everything that is needed; else what is missing.
std::string missing_inputs();
// Made once in a process, the disk included.
Result<Inputs> find_inputs(const Env &env);

} // namespace krun
