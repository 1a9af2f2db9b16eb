// SPDX-License-Identifier: MIT
// The configuration of a kernel: a base, our fragments merged onto it, and the proof that they took effect.
//
// Theory: kconfig silently drops what it cannot have, so the final file is compared with every requested
// value, and for each missing one the tree's Kconfig files show the unmet dependency.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "build/kernel_make.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

// What a configuration is changed with. The text is what was read, once; the file may be a pipe that has no more.
struct Fragment {
    std::filesystem::path file;
    std::string text;
    bool for_machine = false; // ours, and about what the kernel is to run on
};

// What the person brings: read once, whatever line it is for.
struct ConfigInputs {
    std::string base; // the text of the file that --config names; empty for the named ones
    std::vector<Fragment> fragments;
    bool distributed = false; // the base is a distribution's, and not the person's own
};

struct ConfigPlan {
    std::string name;                // names the folders in the cache: that of a named one, or made of the file's
    bool tiny = false;               // the base is the kernel's own tinyconfig
    std::string base_text;           // else this, which base_config.hpp completes
    bool personal = false;           // which a person wrote, so that they want what is in it
    std::vector<Fragment> fragments; // each of their symbols is verified; later ones win
    std::vector<std::string> make_settings; // what of it is said to make
    bool own_source = false;                // of the person's own, for which no line vouches
};

// Those that --config knows by name: "vm" and so on.
std::vector<std::string> named_configs();
// "vm", or a name for any other configuration that can be a part of a folder's name.
std::string config_name(const std::string &config);

// A usage error, by name, for what is no configuration; asks nothing of the network.
Result<ConfigInputs> read_config_inputs(const Env &env, const std::string &config,
                                        const std::vector<std::filesystem::path> &fragments);
// All fragments. A line's own follows the common one of its name: what only this line calls so, or has.
Result<ConfigPlan> plan_config(Filesystem &files, const std::filesystem::path &data, const KernelLine &line,
                               const std::string &config, const ConfigInputs &inputs);
// Leaves a .config in make.objects.
Result<void> configure(const Env &env, const KernelMake &make, const ConfigPlan &plan);
// An Error that names every requested symbol that .config does not have, each with its unmet dependency. Of what is for
// the machine, some kernels have no such symbol, and a source of the person's own may lack more: that is a note.
Result<void> verify_config(Filesystem &files, const KernelMake &make, const ConfigPlan &plan);

} // namespace krun
