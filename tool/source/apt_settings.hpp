// SPDX-License-Identifier: MIT
// What the machine's apt is set up with: its configuration, and its mirrors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// The configuration of a private apt.

// For an apt whose state, cache and krun.sources are below `folder`: of the machine's own configuration it has how to
// reach the mirrors and what to trust, and nothing else.
Result<std::string> apt_configuration(ProcessRunner &runner, const std::filesystem::path &folder);

// The Debian mirrors of this machine, as apt reads its own configuration.
//
// Theory: apt's list of index targets says for each source entry which release it belongs to and where the entry
// stands, whatever the style of the file. The main archive and the security archive have different addresses; a
// release's name tells them apart ("bookworm-security"). What the entry says about keys is carried over as it is.

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
