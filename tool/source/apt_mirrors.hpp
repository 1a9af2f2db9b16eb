// SPDX-License-Identifier: MIT
// The Debian mirrors of this machine, as apt reads its own configuration.
//
// Theory: apt's list of index targets says for each source entry which release it belongs to and where the entry
// stands, whatever the style of the file. The main archive and the security archive have different addresses; a
// release's name tells them apart ("bookworm-security"). What the entry says about keys is carried over as it is.
#pragma once

#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

struct AptMirror {
    std::string uri;
    std::string options; // deb822 fields of the entry that decide about trust: "Signed-By: ...\n", may be empty
};

struct AptMirrors {
    AptMirror main;     // uri is empty when this machine has none
    AptMirror security; // likewise
};

Result<AptMirrors> find_apt_mirrors(const Env &env);

// A sources file (deb822) for these suites; `types` is "deb" or "deb-src".
Result<std::string> sources_for(const AptMirrors &mirrors, const std::vector<std::string> &suites,
                                const std::string &types);

} // namespace krun
