// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

// EveryName as disabled_mode.cpp sees it.
struct DisabledMode {
    bool opened;
    bool sampled;
    std::size_t readings;
    std::size_t deltas;
    bool has_own;
    std::string texts;
};

DisabledMode use_every_name_disabled();
