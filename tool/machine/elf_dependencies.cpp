// SPDX-License-Identifier: MIT
// Dynamic linking of programs for the guest; see elf_dependencies.hpp.
#include "machine/elf_dependencies.hpp"

#include <algorithm>
#include <elf.h>
#include <fmt/format.h>
#include <fstream>

#include "util/text.hpp"

namespace krun
{

bool needs_dynamic_loader(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    Elf64_Ehdr header{};
    if (!stream.read(reinterpret_cast<char *>(&header), sizeof header) ||
        !std::equal(ELFMAG, ELFMAG + SELFMAG, header.e_ident) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_phentsize != sizeof(Elf64_Phdr))
        return false;
    stream.seekg(static_cast<std::streamoff>(header.e_phoff));
    for (unsigned at = 0; at < header.e_phnum; ++at) {
        Elf64_Phdr segment{};
        if (!stream.read(reinterpret_cast<char *>(&segment), sizeof segment))
            return false;
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

Result<std::vector<std::filesystem::path>> dynamic_dependencies(ProcessRunner &runner,
                                                                const std::filesystem::path &program)
{
    Command command;
    command.argv = {"ldd", program.string()};
    command.environment = {{"LC_ALL", "C"}};
    auto listed = runner.run_ok(command);
    if (!listed)
        return tl::unexpected<Error>(listed.error());
    std::vector<std::filesystem::path> found;
    for (const std::string &line : lines_of(listed->output)) {
        // "libc.so.6 => /lib/libc.so.6 (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)", "linux-vdso.so.1 (0x...)"
        const auto words = words_of(line);
        if (line.find("not found") != std::string::npos)
            return failure(
                fmt::format("{} needs a library that this machine does not have: {}", program.string(), trim(line)),
                "link the program statically, or copy the library in too and set LD_LIBRARY_PATH");
        for (const std::string &word : words) {
            if (word.front() == '/') {
                found.emplace_back(word);
                break;
            }
        }
    }
    return found;
}

} // namespace krun
