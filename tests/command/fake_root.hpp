// SPDX-License-Identifier: MIT
// The root of a Debian machine below a sandbox, for the commands that install kernels: krunctl and dpkg-deb are real;
// dpkg and GRUB's programs are the simulated ones, and work below this root, as do scripts in place of uname and id.
#pragma once

#include "sandbox.hpp"

namespace krun
{

class FakeRoot
{
  public:
    explicit FakeRoot(Sandbox &sandbox);

    [[nodiscard]] std::filesystem::path path(const std::string &absolute) const;
    // A real .deb of a Krun kernel, or of anything else by that name.
    std::filesystem::path make_deb(const std::string &name, bool krun_kernel = true);
    void run_kernel(const std::string &release); // as if it had been booted
    void be_user();                              // not root any more
    // Every file with its contents.
    std::string snapshot();

  private:
    void make_programs();
    Sandbox &sandbox_;
    std::filesystem::path root_;
};

} // namespace krun
