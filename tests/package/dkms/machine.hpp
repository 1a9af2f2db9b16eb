// SPDX-License-Identifier: MIT
// A clean Debian 12 with dkms: which kernels' headers it has, and what has become of the module for each of them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chroot.hpp"
#include "packages.hpp"

namespace krun
{

// Of Debian 12's own kernel, and of the newer one that it also has.
constexpr const char *usual_headers = "linux-headers-cloud-amd64";
constexpr const char *newer_headers = "linux-headers-6.12-cloud-amd64";

// Each test begins on a machine without our packages, and with the usual headers.
class DkmsMachine : public testing::Test
{
  protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite() { machine_.reset(); }
    void SetUp() override;

    // What apt says; it must succeed.
    static std::string install(const std::vector<std::string> &what);
    static std::string purge(const std::string &what);
    static ProcessResult try_to_install(const std::vector<std::string> &what);
    static std::string shell(const std::string &script);
    static bool exists(const std::filesystem::path &path);

    // Kernels that have headers, without made-up ones.
    static std::vector<std::string> releases();
    // The one whose headers are `usual_headers`.
    static std::string usual_release();
    // "krun/2.3, RELEASE, x86_64: installed", a line for each kernel; "krun/2.3: added" without any.
    static std::vector<std::string> status();
    static std::string installed(const std::string &release);
    // Compressed where the kernel's own modules are; empty when there is none.
    static std::filesystem::path module_of(const std::string &release);
    static std::string modinfo(const std::string &release, const std::string &field);

    // Headers of the usual kernel (links) under another release, with a configuration in which `from` is `to`.
    static void make_headers(const std::string &release, const std::string &from, const std::string &to);
    // What a package of headers does when it has been installed.
    static ProcessResult announce_headers(const std::string &release);

    static std::string version_;
    static std::unique_ptr<Chroot> machine_;

  private:
    static std::string obstacle_;
};

constexpr const char *our_deb = "/tmp/krun-dkms.deb";
constexpr const char *tool_deb = "/tmp/krunctl.deb";

} // namespace krun
