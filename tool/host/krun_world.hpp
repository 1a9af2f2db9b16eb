// SPDX-License-Identifier: MIT
// Where /dev/krun and the system calls come from on this machine, and why they do not.
#pragma once

#include "host/checks.hpp"
#include "host/host.hpp"

namespace krun
{

enum class KrunWorld {
    patched, // a Krun kernel
    module,  // krun.ko on a kernel that is not patched
    none,
};

KrunWorld world_of(Host &host);
const char *name_of(KrunWorld world);     // for programs: "patched", "module", "none"
const char *sentence_of(KrunWorld world); // for people

// There is no /dev/krun: what is missing, from the kernel to the key that Secure Boot wants.
CheckResult why_no_device(Host &host);

} // namespace krun
