// SPDX-License-Identifier: MIT
// What an ELF file says; see elf_file.hpp.
#include "machine/elf_file.hpp"

#include <algorithm>
#include <elf.h>
#include <fstream>
#include <string_view>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t largest_table = std::size_t{16} << 20; // a damaged file's sizes are anything

class ElfReader
{
  public:
    explicit ElfReader(const std::filesystem::path &file) : stream_(file, std::ios::binary) {}

    bool read_headers()
    {
        Elf64_Ehdr header{};
        if (!read_at(0, &header, sizeof header) || !std::equal(ELFMAG, ELFMAG + SELFMAG, header.e_ident) ||
            header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
            (header.e_type != ET_EXEC && header.e_type != ET_DYN) || header.e_phentsize != sizeof(Elf64_Phdr))
            return false;
        segments_.resize(header.e_phnum);
        return read_at(header.e_phoff, segments_.data(), segments_.size() * sizeof(Elf64_Phdr));
    }

    bool read_interpreter(ElfFile &elf)
    {
        const auto *segment = segment_of(PT_INTERP);
        if (segment == nullptr)
            return true;
        if (segment->p_filesz > largest_table)
            return false;
        std::string text(segment->p_filesz, '\0');
        if (!read_at(segment->p_offset, text.data(), text.size()))
            return false;
        elf.interpreter = text.c_str(); // without the NUL at its end
        return true;
    }

    bool read_dynamic(ElfFile &elf)
    {
        const auto *segment = segment_of(PT_DYNAMIC);
        if (segment == nullptr)
            return true;
        if (segment->p_filesz > largest_table)
            return false;
        std::vector<Elf64_Dyn> entries(segment->p_filesz / sizeof(Elf64_Dyn));
        if (!read_at(segment->p_offset, entries.data(), entries.size() * sizeof(Elf64_Dyn)))
            return false;
        entries.erase(
            std::find_if(entries.begin(), entries.end(), [](const Elf64_Dyn &entry) { return entry.d_tag == DT_NULL; }),
            entries.end());
        if (!read_strings(entries))
            return false;
        for (const auto &entry : entries) {
            if (entry.d_tag == DT_NEEDED)
                elf.needed.push_back(string_at(entry.d_un.d_val));
            else if (entry.d_tag == DT_RPATH)
                elf.rpath = split(string_at(entry.d_un.d_val), ':');
            else if (entry.d_tag == DT_RUNPATH)
                elf.runpath = split(string_at(entry.d_un.d_val), ':');
            else if (entry.d_tag == DT_FLAGS_1)
                elf.no_default_folders = (entry.d_un.d_val & DF_1_NODEFLIB) != 0;
        }
        return true;
    }

  private:
    bool read_at(std::uint64_t offset, void *data, std::size_t size)
    {
        stream_.seekg(static_cast<std::streamoff>(offset));
        return static_cast<bool>(stream_.read(static_cast<char *>(data), static_cast<std::streamsize>(size)));
    }

    const Elf64_Phdr *segment_of(Elf64_Word type) const
    {
        const auto found = std::find_if(segments_.begin(), segments_.end(),
                                        [type](const Elf64_Phdr &segment) { return segment.p_type == type; });
        return found == segments_.end() ? nullptr : &*found;
    }

    // The table of strings is named by its address in memory, and a segment says which part of the file that is.
    bool read_strings(const std::vector<Elf64_Dyn> &entries)
    {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
        for (const auto &entry : entries) {
            if (entry.d_tag == DT_STRTAB)
                address = entry.d_un.d_ptr;
            else if (entry.d_tag == DT_STRSZ)
                size = entry.d_un.d_val;
        }
        if (size > largest_table)
            return false;
        for (const auto &segment : segments_) {
            if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
                continue;
            strings_.resize(size);
            return read_at(segment.p_offset + (address - segment.p_vaddr), strings_.data(), strings_.size());
        }
        return size == 0;
    }

    std::string string_at(std::uint64_t offset) const
    {
        return offset < strings_.size() ? std::string(strings_.c_str() + offset) : std::string();
    }

    std::ifstream stream_;
    std::vector<Elf64_Phdr> segments_;
    std::string strings_;
};

} // namespace

std::optional<ElfFile> read_elf(const std::filesystem::path &file)
{
    ElfReader reader(file);
    ElfFile elf;
    if (!reader.read_headers() || !reader.read_interpreter(elf) || !reader.read_dynamic(elf))
        return std::nullopt;
    return elf;
}

} // namespace krun
