// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "machine/guest_run.hpp"

namespace krun
{

TEST(GuestModules, AreLoadedInOrderBeforeTheCommandWhoseArgumentsStay)
{
    MachineRequest guest;
    guest.copy_in = {{"/host/prog", "/prog"}};
    guest.command = {"/prog", "two words", "$HOME"};
    guest = with_modules(guest, {"/a/msr.ko", "/b/krun.ko"});
    ASSERT_EQ(guest.copy_in.size(), 3U);
    EXPECT_EQ(guest.copy_in[1].source, "/a/msr.ko");
    EXPECT_EQ(guest.copy_in[2].target, "/lib/modules/krun.ko");
    EXPECT_EQ(guest.command,
              (std::vector<std::string>{"/bin/sh", "-c",
                                        "insmod /lib/modules/msr.ko && insmod /lib/modules/krun.ko && exec \"$@\"",
                                        "sh", "/prog", "two words", "$HOME"}));
}

} // namespace krun
