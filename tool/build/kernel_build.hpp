// SPDX-License-Identifier: MIT
// From a kernel line, or a source of the user's own, to a folder with vmlinuz, config, System.map, metadata.json and,
// on request, Debian packages.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "source/source_origin.hpp"
#include "util/env.hpp"

namespace krun
{

// The stage of a build; an Error of build_kernel() belongs to the stage reported last.
enum class BuildStage { fetch, apply, configure, compile, package };

inline constexpr const char *default_line = "6.12";

struct BuildRequest {
    std::optional<std::string> line;              // none: default_line, or the one whose hooks suit `source` best
    SourceRequest source;                         // none: the line's Debian package
    std::string config = "vm";                    // vm, disk, debug, kcsan, debian, running, or a file
    std::vector<std::filesystem::path> fragments; // merged last
    std::string local_version;                    // empty: .krun.<first six of the git hash>
    std::filesystem::path output;                 // empty: <cache>/kernels/<line>-<config>, or <series>-source-<config>
    unsigned jobs = 0;                            // 0: as many as there are CPUs
    bool menuconfig = false;
    bool package = false;                     // linux-image and linux-headers as .debs too
    std::function<void(BuildStage)> on_stage; // each stage as it begins; none when the kernel is up to date
};

struct BuiltKernel {
    std::filesystem::path folder;  // vmlinuz, config, System.map, metadata.json, packages
    std::filesystem::path tree;    // the patched source tree it was built from
    std::filesystem::path objects; // the build folder (make O=)
    std::string release;           // what uname -r will say
    bool up_to_date = false;       // nothing had to be compiled
};

// Builds, or finds that the output folder already holds exactly this kernel.
Result<BuiltKernel> build_kernel(const Env &env, const BuildRequest &request);

} // namespace krun
