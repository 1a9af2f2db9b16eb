// SPDX-License-Identifier: MIT
// What krunctl knows of itself: its folders, its programs and its version.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// $XDG_CACHE_HOME/krun, or ~/.cache/krun; without a HOME, in the home folder that the system's list of users has. A
// UserError when there is no such place, or when it is not ours.
std::filesystem::path cache_directory();

// Programs from the cache are executed, so that nobody else may be able to put anything there. Nothing is wrong with a
// folder that does not exist. Root may use the cache of whoever called sudo (`sudo_user`, a number, or null).
Result<void> check_cache_folder(const std::filesystem::path &folder, uid_t user, const char *sudo_user);

// The home folder of a user in a list such as /etc/passwd; empty when it is not there.
std::filesystem::path home_in_list_of_users(const std::string &list, uid_t user);
// A usage error when kbuild, or QEMU's build, could not work below the cache. Both expand the names of their folders in
// make and in shells, unquoted: kbuild refuses blanks and colons itself, after the download, and trips over the rest.
Result<void> expect_cache_for_building();

// The folder that holds kernel/ and testbed/: $KRUN_DATA when set, else the clone, else <prefix>/share/krunctl beside
// an installed tool.
std::filesystem::path data_directory();

// The clone that krunctl was built from; empty when it is gone, or when krunctl was built for a package.
std::filesystem::path clone_directory();

// The running krunctl binary itself (it is copied into the guest).
std::filesystem::path own_executable();
// For a program of the tests, which does krunctl's work in its place: from now on own_executable() is that one.
void act_for(std::filesystem::path krunctl);

// One of the programs that only krunctl starts (krun-init, read_cost): in its build folder, or in
// <prefix>/lib/krunctl. `beside` is the folder of krunctl.
Result<std::filesystem::path> private_program(Filesystem &files, const std::string &name,
                                              const std::filesystem::path &beside = own_executable().parent_path());

// Patterns for Command::inherits: what a build may see of the caller's variables.
// Values for Command::inherits.
std::vector<std::string> variables_for_builds(); // make, configure, compilers: no flags, no settings of anybody's

std::string tool_version(); // as CMake knows it

} // namespace krun
