// SPDX-License-Identifier: MIT
// What is decided before a kernel is compiled: its source, its configuration, where it goes, what it is called, how
// much space it takes, the build's key and its metadata.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "build/kconfig_expression.hpp"
#include "build/kernel_build.hpp"
#include "build/kernel_config.hpp"
#include "build/kernel_make.hpp"
#include "build/kernel_package.hpp"
#include "source/kernel_line.hpp"
#include "source/source.hpp"
#include "util/env.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// What is appended to the kernel's release, so that `uname -r` says which of our states it was built from.

// A given one is checked: only letters, digits and dots, because it becomes part of package and file names.
Result<void> check_local_version(const std::string &local_version);

// ".krun." and the first six digits of the commit that `data` is a clone of; of `overlay_hash` outside of git.
Result<std::string> default_local_version(ProcessRunner &runner, const std::filesystem::path &data,
                                          const std::string &overlay_hash);

// The programs that the configuration needs: compressors for the kernel and for its modules.
std::vector<NeededProgram> programs_of_config(const ConfigValues &values);

struct BuildPlan {
    std::filesystem::path data;
    std::vector<KernelLine> lines; // those that may be taken: one, unless the source is to find its nearest
    KernelLine line;
    std::unique_ptr<Source> source;
    bool own_source = false; // the user's
    ConfigInputs inputs;
    ConfigPlan config;
    KernelMake make;
    std::filesystem::path output;
    std::filesystem::path folder; // <cache>/build/<name>: for what is made between the objects and the output
    std::string name;             // of the folders in the cache: "6.12-vm", "7.4-source-vm"
    bool package = false;
    // As soon as the source is identified:
    std::string series;      // "7.4"
    std::string hook_series; // which hooks are preferred
    OwnFiles own_files;
    std::filesystem::path tree;
    std::string compiler;
    std::string selftests_hash; // of packages only, which bring them along
    std::string key;
    nlohmann::ordered_json hooks; // which of them the tree has, as soon as it is there; see hooks/fitting.hpp
};

// Everything that can be known to be wrong before the network is asked.
Result<BuildPlan> make_plan(const Env &env, const BuildRequest &request);
// What follows from the source being what it has been found to be.
Result<void> adopt_source(const Env &env, BuildPlan &plan, const BuildRequest &request);

Result<void> expect_space(Filesystem &files, const BuildPlan &plan);

// A digest of all that the kernel depends on.
Result<std::string> build_key(ProcessRunner &runner, const BuildPlan &plan);
nlohmann::ordered_json metadata_of(const BuildPlan &plan, const std::string &release, const std::string &config_hash);

// Whether the kernel will have modules, as far as that is known without its final configuration: a base of others has.
bool expects_modules(const BuildPlan &plan);
// The kernel's version, as far as it is known when there may be no tree to ask.
std::string foreseen_kernel(Filesystem &files, const BuildPlan &plan);
// What the packages will be called.
Result<PackagePlan> plan_packages(const Env &env, const BuildPlan &plan, const std::string &release, bool has_modules);

} // namespace krun
