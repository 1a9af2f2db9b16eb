// SPDX-License-Identifier: MIT
// Which variant of each hook fits a kernel tree best, and whether the kernel needs it at all.
//
// Theory: a hook that goes into a wrong place is worse than one that has none. patch(1) finds the places; of what it
// finds with fuzz, only that counts which still has a line of context on either side, in the function that the hook is
// for. A hook goes in whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hooks/known_hooks.hpp"
#include "hooks/workbench.hpp"
#include "util/env.hpp"

namespace krun
{

enum class Fit { placed, not_needed, missing };

struct FittedHook {
    std::string name;
    bool required = false;
    Fit fit = Fit::missing;
    std::string series;          // of the variant; when missing, of the one that comes nearest
    std::filesystem::path patch; // likewise
    unsigned fuzz = 0;           // the most that a hunk needs, when placed
    std::size_t hunks = 0;       // how many it has
    std::size_t placed = 0;      // how many of them have a place
    std::string reason;          // why it is not needed, or what has no place: "hunk 2 of kernel/exit.c"
    std::string file;            // when missing: where that is, below the tree
    std::size_t line = 0;        // likewise, about; 0 if unknown
    std::string without;         // what a kernel lacks without it
};

using FittedHooks = std::vector<FittedHook>;

// What a hunk that patch(1) has placed there is worth.
bool is_trustworthy(const std::string &path, const Hunk &hunk, const HunkFate &fate, const std::string &patched);

// A patch's place below kernel/ that a record names: "hooks/build/4.9.patch", "6.6/hooks/build.patch".
std::string place_in_data(const std::filesystem::path &patch);

// Only reads the tree. `series` is the tree's own; of two variants that fit equally well, the one nearer to it is
// taken.
Result<FittedHooks> fit_hooks(const Env &env, const std::vector<Hook> &hooks, const std::filesystem::path &tree,
                              const std::string &series);
// By name only, for a tree that is not there yet.
FittedHooks foreseen_hooks(const std::vector<Hook> &hooks, const std::string &series);

bool lacks_required(const FittedHooks &hooks);

const char *name_of(Fit fit); // "placed", "not needed", "missing"
nlohmann::ordered_json as_json(const FittedHooks &hooks);

} // namespace krun
