// SPDX-License-Identifier: MIT
// How a kernel tree would take the hooks: what `krunctl lines TREE` shows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "hooks/fitting.hpp"

namespace krun
{

struct TreeFit {
    std::string tree;    // as the person named it
    std::string version; // "5.15.215"
    std::string line;    // whose configuration it would get
    FittedHooks hooks;
};

std::string tree_fit_text(const TreeFit &fit);
nlohmann::ordered_json tree_fit_json(const TreeFit &fit);

} // namespace krun
