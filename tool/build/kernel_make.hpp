// SPDX-License-Identifier: MIT
// The kernel's own make, always called the same way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"
#include "util/terminal.hpp"

namespace krun
{

struct KernelMake {
    std::filesystem::path tree;
    std::filesystem::path objects; // make O=
    std::string local_version;
    std::vector<std::string> config_settings; // of the configuration
    unsigned jobs = 1;
    std::filesystem::path log;

    // What is set on make's command line and changes the kernel: a part of the build's key.
    [[nodiscard]] std::vector<std::string> settings() const;
    // Where compiler_script() is, when ccache is installed.
    [[nodiscard]] std::filesystem::path cached_compiler() const { return objects / "cached-compiler"; }
    [[nodiscard]] Command command(const std::vector<std::string> &targets) const;
};

// Where the objects of a configuration are: directly below the tree, and nowhere else, because only then the kernel's
// makefiles call each source file by a path that does not begin at the root ("../init/main.c"). So ccache finds in any
// tree what it has seen in another, and nothing that was made of a tree survives it.
std::filesystem::path objects_folder(const std::filesystem::path &tree, const std::string &config_name);

// Runs make with progress and returns how many steps it took. A failure shows the end of the log, and is of `doing`:
// "compiling", "packaging".
Result<std::size_t> run_kernel_make(const Env &env, const KernelMake &make, Command command, Progress &progress,
                                    const std::string &doing);
// Compiles with progress. `steps_file` remembers how many steps a build from nothing took.
Result<void> compile_kernel(const Env &env, const KernelMake &make, const std::vector<std::string> &targets,
                            const std::filesystem::path &steps_file);

// The complaint in a build log that all the others follow from; empty when none is found.
std::string first_build_error(const std::string &log);

// A module for a kernel that is there already: from the overlay, krun.ko.

struct ModuleRequest {
    std::filesystem::path sources; // with a Kbuild
    std::filesystem::path kernel;  // its headers, or its tree: what `make -C` takes
    std::filesystem::path objects; // of a tree: its O=; empty: headers
    std::filesystem::path output;  // a folder for a copy of the sources, and what is made of them
    std::string name;              // "krun"
    std::filesystem::path log;
};

// Returns where NAME.ko is.
Result<std::filesystem::path> build_module(const Env &env, const ModuleRequest &request);

// The kselftests of a patched tree, built by their own Makefile.

// The one that needs a machine without counters, and verifies that the kernel says so.
inline constexpr const char *test_without_counters = "absent_test";
// The one that needs CPUs whose time stamp counters disagree.
inline constexpr const char *test_of_tscs = "tsc_test";
// The one that needs more CPUs than a word has bits, of which it brings up those that it wants. Other kernels than
// those of the configurations disk and debian have no room for them.
inline constexpr const char *test_of_many_cpus = "many_cpus_test";

// Static executables in `output`, which is made anew; sorted. Each prints TAP.
Result<std::vector<std::filesystem::path>> build_selftests(const Env &env, const std::filesystem::path &tree,
                                                           const std::filesystem::path &output,
                                                           const std::filesystem::path &log);

} // namespace krun
