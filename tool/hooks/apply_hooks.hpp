// SPDX-License-Identifier: MIT
// The hooks that have been found to fit a tree, put into it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hooks/fitting.hpp"
#include "util/env.hpp"

namespace krun
{

// What a person calls the tree that is patched, which is a copy of it.
struct HookedSource {
    std::string name;             // "linux-7.4.tar.xz"; empty: only the file is named
    std::filesystem::path folder; // their own tree, when it is one
};

// An Error that names every required hook without a place, and where that was to be.
Result<void> expect_required(const FittedHooks &hooks, const HookedSource &source);

// Which variant was chosen of each: "hooks: build (4.9), vector (5.15); not needed: quiet-deadline".
std::string choice_in_words(const FittedHooks &hooks);

// A line for each optional hook that has no place, and one for each that patch(1) has placed with fuzz.
std::vector<std::string> notes_on(const FittedHooks &hooks);

// Applies what is placed, and leaves a record of it in the tree; expect_required() first. After an Error the tree is
// worth nothing.
Result<void> apply_hooks(const Env &env, const FittedHooks &hooks, const std::filesystem::path &tree);

// All of it: the hooks of `data`, fitted to a tree of this series and applied, with a note for the person where they
// should know. Returns the record. In a dry run there is no tree: the hooks are fitted to the source's own, or
// foreseen.
Result<nlohmann::ordered_json> fit_and_apply(const Env &env, const std::filesystem::path &data,
                                             const std::filesystem::path &tree, const std::string &series,
                                             const HookedSource &source);

// That record, as as_json() has made it; null without one.
nlohmann::ordered_json applied_hooks(Filesystem &files, const std::filesystem::path &tree);

// The patch that an entry of it is about; null if that was not applied, or is not known any more.
const HookPatch *patch_on_record(const std::vector<Hook> &hooks, const nlohmann::ordered_json &entry);

// A configuration fragment that tells the kernel's readers what it lacks; empty when that is nothing.
std::string fragment_of(const nlohmann::ordered_json &applied);

} // namespace krun
