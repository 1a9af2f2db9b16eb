// SPDX-License-Identifier: MIT
// What an ELF file says about how it is to be loaded. It is only read: ldd(1) would run the program's own loader.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace krun
{

struct ElfFile {
    std::string interpreter; // the dynamic loader; empty: none, as of a static program or a library
    std::vector<std::string> needed;
    std::vector<std::string> rpath; // folders, with $ORIGIN and the like as they stand there
    std::vector<std::string> runpath;
    bool no_default_folders = false; // only what it names is searched
};

// None when the file is no 64-bit x86 program or library, or is damaged.
std::optional<ElfFile> read_elf(const std::filesystem::path &file);

} // namespace krun
