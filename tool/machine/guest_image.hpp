// SPDX-License-Identifier: MIT
// The initramfs of a guest, made without root: a base archive that is kept in the cache (init, busybox, krunctl)
// and, behind it in the same file, a small archive of this run's own (the command, the copied-in files).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "machine/machine_session.hpp"
#include "machine/virtual_machine.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// Makes <folder>/initrd for the request; `folder` is this run's own.
Result<std::filesystem::path> make_guest_image(ProcessRunner &runner, Filesystem &files, const MachineRequest &request,
                                               GuestInput input, const std::filesystem::path &folder);

// The three files below /krun that tell init what to do: names relative to the guest's root, and contents.
std::vector<std::pair<std::string, std::string>> task_files(const MachineRequest &request, GuestInput input);

} // namespace krun
