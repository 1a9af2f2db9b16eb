// SPDX-License-Identifier: MIT
// See ccache.hpp.
#include "util/ccache.hpp"

#include "util/process.hpp"

namespace krun
{

bool has_ccache() { return program_on_path("ccache"); }

std::string cached_compiler(const std::string &compiler) { return has_ccache() ? "ccache " + compiler : compiler; }

std::map<std::string, std::string> ccache_environment(const std::filesystem::path &base)
{
    if (!has_ccache())
        return {};
    return {
        // Paths below it are taken relative to where the compiler runs, which is the same in every copy.
        {"CCACHE_BASEDIR", base.string()},
        {"CCACHE_NOHASHDIR", "1"},
        // Not the depend mode, whatever the caller has set: without preprocessing a file ccache does not see .incbin in
        // it, and a kernel got the compressed image of another (piggy.S, which only has its size in it).
        {"CCACHE_NODEPEND", "1"},
        // What was cached in that mode would be found in the other one too.
        {"CCACHE_NAMESPACE", "krun"},
    };
}

} // namespace krun
