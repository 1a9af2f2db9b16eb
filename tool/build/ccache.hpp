// SPDX-License-Identifier: MIT
// Compiling others' sources with ccache, where it is installed, so that one compilation serves every folder that the
// same source is unpacked to.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace krun
{

bool has_ccache();
// "gcc", or "ccache gcc".
std::string cached_compiler(const std::string &compiler);
// A shell script for where files include others by .incbin: what follows its name is such a command line for the
// compiler, without "ccache". Those files are compiled each time, and all others with ccache.
std::string compiler_script();
// What ccache has to be told about a build of which everything is below `base`; empty without ccache.
std::map<std::string, std::string> ccache_environment(const std::filesystem::path &base);

} // namespace krun
