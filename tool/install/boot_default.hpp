// SPDX-License-Identifier: MIT
// Which kernel GRUB boots: the lasting default, and the entry for one boot only.
//
// Theory: Debian's default is the newest kernel, so that installing a package changes what boots. Before a Krun kernel
// comes, the default is therefore pinned to the kernel that is the default now, by its id, in a file of ours that
// grub-mkconfig reads last. The id stands in grub.cfg itself: unlike GRUB_DEFAULT=saved it does not hang on the
// environment block, which grub-editenv truncates and writes anew, so that a power loss can leave it empty; and an
// empty one means the first entry, the new kernel. For the same reason we edit a copy of it and rename that. The
// environment block only gets the entry for the next boot, and GRUB takes that away before it boots it: whatever
// becomes of that boot, the one after it is the default again.
//
// While a kernel is pinned, `apt autoremove` must not take it away, as it would as soon as Debian has two newer ones: a
// file of ours tells apt so.
//
// A kernel on trial must not stay hanging either. A script of ours has GRUB set the variable krun_trial in a one-shot
// boot; every normal entry's command line ends with it: a panic, and an initramfs that finds no root, reboot.
#pragma once

#include <string>

#include "install/target.hpp"

namespace krun
{

std::string drop_in_text(const std::string &entry_id);
std::string apt_drop_in_text(const std::string &release);

// From now on this kernel is the default, whatever else is installed; verified in grub.cfg.
Result<void> pin_default(const Target &target, const std::string &release);
// Back to the machine's own settings.
Result<void> unpin_default(const Target &target);
// This kernel for the next boot only.
Result<void> boot_once(const Target &target, const std::string &release);
// Clears that, if it is set for this kernel, and also an empty variable, as GRUB leaves it behind.
Result<void> do_not_boot_once(const Target &target, const std::string &release);

} // namespace krun
