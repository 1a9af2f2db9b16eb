// SPDX-License-Identifier: MIT
// A module for a kernel that is there already: from the overlay, krun.ko.
#pragma once

#include <filesystem>
#include <string>

#include "util/env.hpp"

namespace krun
{

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

} // namespace krun
