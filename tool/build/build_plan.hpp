// SPDX-License-Identifier: MIT
// All that is decided before a kernel is compiled, and what can be derived from it: what has to be installed, how much
// space it takes, the build's key, its metadata, and what --dry-run prints.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "build/kernel_build.hpp"
#include "build/kernel_config.hpp"
#include "build/kernel_make.hpp"
#include "build/kernel_package.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_source.hpp"
#include "source/user_source.hpp"
#include "util/env.hpp"

namespace krun
{

struct BuildPlan {
    std::filesystem::path data;
    std::vector<KernelLine> lines;      // those that may be taken: one, unless the source is to find its nearest
    std::optional<SourceOrigin> origin; // of a source of the user's own
    UserSource user;                    // likewise, as soon as it is fetched
    KernelLine line;
    KernelSource source;
    ConfigInputs inputs;
    ConfigPlan config;
    KernelMake make;
    std::filesystem::path output;
    std::filesystem::path folder; // <cache>/build/<name>: for what is made between the objects and the output
    std::string name;             // of the folders in the cache: "6.12-vm", "7.4-source-vm"
    bool package = false;
    std::string compiler;
    std::string selftests_hash; // of packages only, which bring them along
    std::string key;
    nlohmann::ordered_json hooks; // which of them the tree has, as soon as it is there; see hooks/fitting.hpp
};

// Everything that can be known to be wrong before the network is asked.
Result<BuildPlan> make_plan(const Env &env, const BuildRequest &request);
// Names the plan's folders, which `beginning` tells apart: "6.12", "7.4-source".
void place(BuildPlan &plan, const BuildRequest &request, const std::string &beginning);
// The source is what fetching has found it to be.
Result<void> adopt(Filesystem &files, BuildPlan &plan, const BuildRequest &request, UserSource source);

Result<void> expect_space_for_tree(Filesystem &files);
Result<void> expect_space(Filesystem &files, const BuildPlan &plan);

// A digest of all that the kernel depends on.
Result<std::string> build_key(ProcessRunner &runner, const BuildPlan &plan);
nlohmann::ordered_json metadata_of(const BuildPlan &plan, const std::string &release, const std::string &config_hash);

// What make is asked for, and, when that is done, what the packages will be called.
std::vector<std::string> compile_targets(bool has_modules);
Result<PackagePlan> plan_packages(Filesystem &files, const BuildPlan &plan, const std::string &release,
                                  bool has_modules);

// The commands in the order in which they would run.
Result<std::vector<Command>> planned_commands(const Env &env, const BuildPlan &plan);

} // namespace krun
