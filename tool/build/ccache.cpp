// SPDX-License-Identifier: MIT
#include "build/ccache.hpp"

#include "util/process.hpp"

namespace krun
{

bool has_ccache() { return program_on_path("ccache"); }

std::string cached_compiler(const std::string &compiler) { return has_ccache() ? "ccache " + compiler : compiler; }

std::string compiler_script()
{
    // Kbuild names the source last. Only sources contain the word, and no header.
    return "#!/bin/sh\n"
           "# Written by krunctl. In its depend mode ccache does not see .incbin, and a kernel would get the "
           "compressed\n"
           "# image of another one (piggy.S, which only has its size in it).\n"
           "for source; do :; done\n"
           "case $source in\n"
           "*.[cS]) grep -qs incbin -- \"$source\" && CCACHE_DISABLE=1 exec \"$@\" ;; # which may be ccache by a link\n"
           "esac\n"
           "exec ccache \"$@\"\n";
}

std::map<std::string, std::string> ccache_environment(const std::filesystem::path &base)
{
    if (!has_ccache())
        return {};
    return {
        // Paths below it are taken relative to where the compiler runs, which is the same in every copy.
        {"CCACHE_BASEDIR", base.string()},
        {"CCACHE_NOHASHDIR", "1"},
        // A file is not preprocessed first: a kernel from nothing takes a quarter less.
        {"CCACHE_DEPEND", "1"},
        // Nothing is found that others have cached in this mode without compiler_script().
        {"CCACHE_NAMESPACE", "krun"},
    };
}

} // namespace krun
