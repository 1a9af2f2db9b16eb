// SPDX-License-Identifier: MIT
// The initramfs of a guest, made without root: a base archive that is kept in the cache (init, busybox, krunctl)
// and, behind it in the same file, a small archive of this run's own (the command, the copied-in files).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "machine/guest_staging.hpp"
#include "machine/machine_session.hpp"
#include "machine/virtual_machine.hpp"
#include "util/env.hpp"
#include "util/scratch_folder.hpp"

namespace krun
{

// What the person wants in the guest, copied before anything takes long: neither a mistake in it nor a pipe waits for a
// kernel or QEMU to be built.
struct GuestFiles {
    ScratchFolder folder; // of this run
    GuestStaging staging;
};
// A usage error also when the guest's memory cannot hold it all; it says how much would.
Result<GuestFiles> gather_guest_files(const Env &env, const MachineRequest &request);

// Makes the run folder's `initrd`.
Result<std::filesystem::path> make_guest_image(const Env &env, const MachineRequest &request, GuestInput input,
                                               GuestFiles &gathered);

// The guests' shell and tools, downloaded where the cache does not have them.
Result<std::filesystem::path> guest_busybox(const Env &env);

// MiB of memory for a guest with files that take `unpacked` bytes, `packed` in the archive. Both are in memory at once,
// and the kernel gives the unpacked ones at most half of what is left.
unsigned memory_for_files(std::uintmax_t unpacked, std::uintmax_t packed);

// The three files below /krun that tell init what to do: names relative to the guest's root, and contents.
std::vector<std::pair<std::string, std::string>> task_files(const MachineRequest &request, GuestInput input);

} // namespace krun
