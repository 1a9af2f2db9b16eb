// SPDX-License-Identifier: MIT

#include "machine/elf_dependencies.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <elf.h>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <string_view>

#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t largest_table = std::size_t{16} << 20; // a damaged file's sizes are anything

class ElfReader
{
  public:
    explicit ElfReader(const fs::path &file) : stream_(file, std::ios::binary) {}

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
        std::string text;
        if (!read_segment(PT_INTERP, text))
            return false;
        elf.interpreter = text.c_str(); // without the NUL at its end
        return true;
    }

    bool read_dynamic(ElfFile &elf)
    {
        std::vector<Elf64_Dyn> entries;
        if (!read_segment(PT_DYNAMIC, entries))
            return false;
        entries.erase(std::ranges::find(entries, DT_NULL, &Elf64_Dyn::d_tag), entries.end());
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

    // Leaves `content` empty if there is no such segment.
    template <class Content> bool read_segment(Elf64_Word type, Content &content)
    {
        constexpr auto one = sizeof(typename Content::value_type);
        const auto segment = std::ranges::find(segments_, type, &Elf64_Phdr::p_type);
        if (segment == segments_.end())
            return true;
        if (segment->p_filesz > largest_table)
            return false;
        content.resize(segment->p_filesz / one);
        return read_at(segment->p_offset, content.data(), content.size() * one);
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

// As Debian's loader has them built in.
constexpr std::array<const char *, 4> default_library_folders = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
                                                                 "/lib", "/usr/lib"};
// A library of this machine's cache of libraries, in a folder that the guest's loader does not know.
constexpr const char *folder_for_others = "/usr/lib";

// Of "$NAME" or "${NAME}" at the beginning of the text; 0 when neither is there.
std::size_t length_of_token(std::string_view text, const std::string &name)
{
    if (text.starts_with("${" + name + "}"))
        return name.size() + 3;
    if (!text.starts_with("$" + name))
        return 0;
    const auto after = text.substr(1 + name.size());
    const bool ends = after.empty() || (std::isalnum(static_cast<unsigned char>(after[0])) == 0 && after[0] != '_');
    return ends ? name.size() + 1 : 0;
}

std::string expanded(std::string_view text, const fs::path &origin)
{
    const std::array<std::pair<std::string, std::string>, 3> tokens = {
        {{"ORIGIN", origin.string()}, {"LIB", "lib/x86_64-linux-gnu"}, {"PLATFORM", "x86_64"}}};
    std::string result;
    while (!text.empty()) {
        const auto *token =
            std::ranges::find_if(tokens, [&](const auto &one) { return length_of_token(text, one.first) != 0; });
        result += token == tokens.end() ? std::string(1, text.front()) : token->second;
        text.remove_prefix(token == tokens.end() ? 1 : length_of_token(text, token->first));
    }
    return result;
}

// What the loader takes: a name may lead to a library of another machine, and the search goes on then.
std::optional<ElfFile> library_at(const fs::path &file)
{
    std::error_code ignored;
    return fs::is_regular_file(file, ignored) ? read_elf(file) : std::nullopt;
}

} // namespace

std::optional<ElfFile> read_elf(const fs::path &file)
{
    ElfReader reader(file);
    ElfFile elf;
    if (!reader.read_headers() || !reader.read_interpreter(elf) || !reader.read_dynamic(elf))
        return std::nullopt;
    return elf;
}

LibrarySearch::LibrarySearch(ProcessRunner &runner, InGuest in_guest, std::vector<std::string> library_path)
    : runner_(runner), in_guest_(std::move(in_guest)), library_path_(std::move(library_path))
{
}

Result<std::vector<PlacedFile>> LibrarySearch::needed_by(const PlacedFile &program)
{
    auto elf = read_elf(program.host);
    if (!elf || elf->interpreter.empty())
        return std::vector<PlacedFile>();
    std::vector<PlacedFile> missing;
    const fs::path interpreter = elf->interpreter;
    if (!in_guest_(interpreter)) {
        if (!library_at(interpreter))
            return failure(fmt::format("{} needs the dynamic loader {}, which this machine does not have",
                                       program.host.string(), interpreter.string()),
                           "link the program statically, or copy the loader in too");
        missing.push_back({interpreter, interpreter});
    }
    std::error_code error;
    const auto real = fs::canonical(program.host, error); // where $ORIGIN is, if it was named by a link
    std::set<std::string> names = {interpreter.filename().string()};
    std::vector<Loaded> loaded = {{{error ? program.host : real, program.guest}, std::move(*elf), 0, false}};
    for (std::size_t at = 0; at < loaded.size(); ++at) {
        for (const auto &name : std::vector<std::string>(loaded[at].elf.needed)) {
            if (!names.insert(name).second)
                continue;
            auto found = find(loaded, at, name);
            if (!found)
                return failure(fmt::format("{} needs the library {}{}, which is neither on this machine nor copied in",
                                           program.host.string(), name,
                                           at == 0 ? "" : " (for " + loaded[at].file.host.filename().string() + ")"),
                               fmt::format("copy it in too (--copy-in {}:/usr/lib/), or link the program statically",
                                           fs::path(name).filename().string()));
            if (found->is_new)
                missing.push_back(found->file);
            found->loader = at;
            loaded.push_back(std::move(*found));
        }
    }
    return missing;
}

// Those that the files name: DT_RPATH of the library and of whom it is loaded for, unless there is a DT_RUNPATH.
std::vector<LibrarySearch::Folder> LibrarySearch::named_folders(const std::vector<Loaded> &loaded,
                                                                std::size_t whose) const
{
    std::vector<Folder> folders;
    const auto add = [&folders](const Loaded &one, const std::vector<std::string> &path) {
        for (const auto &entry : path)
            folders.push_back(
                {expanded(entry, one.file.host.parent_path()), expanded(entry, one.file.guest.parent_path())});
    };
    if (loaded[whose].elf.runpath.empty()) {
        for (std::size_t at = whose;; at = loaded[at].loader) {
            if (loaded[at].elf.runpath.empty())
                add(loaded[at], loaded[at].elf.rpath);
            if (loaded[at].loader == at)
                break;
        }
    }
    for (const auto &entry : library_path_)
        folders.push_back({{}, entry});
    add(loaded[whose], loaded[whose].elf.runpath);
    return folders;
}

std::optional<LibrarySearch::Loaded> LibrarySearch::find(const std::vector<Loaded> &loaded, std::size_t whose,
                                                         const std::string &name)
{
    if (name.find('/') != std::string::npos) {
        const auto &file = loaded[whose].file;
        const fs::path host = expanded(name, file.host.parent_path());
        const fs::path guest = expanded(name, file.guest.parent_path());
        return find_in({host.parent_path(), guest.parent_path()}, host.filename().string());
    }
    auto folders = named_folders(loaded, whose);
    if (!loaded[whose].elf.no_default_folders) {
        // What was copied there comes first: the guest has no cache of libraries.
        for (const auto *folder : default_library_folders)
            folders.push_back({{}, folder});
        if (const auto cached = in_cache(name)) {
            const auto folder = cached->parent_path();
            const bool is_default = std::ranges::find(default_library_folders, folder) != default_library_folders.end();
            folders.push_back({folder, is_default ? folder : folder_for_others});
        }
        for (const auto *folder : default_library_folders)
            folders.push_back({folder, folder});
    }
    for (const auto &folder : folders) {
        if (auto found = find_in(folder, name))
            return found;
    }
    return std::nullopt;
}

std::optional<LibrarySearch::Loaded> LibrarySearch::find_in(const Folder &folder, const std::string &name) const
{
    // Relative to wherever the program will be started: nobody knows.
    if (!folder.guest.is_absolute())
        return std::nullopt;
    const auto guest = (folder.guest / name).lexically_normal();
    if (const auto source = in_guest_(guest)) {
        if (auto elf = library_at(*source))
            return Loaded{{*source, guest}, std::move(*elf), 0, false};
    }
    if (!folder.host.is_absolute())
        return std::nullopt;
    const auto host = folder.host / name;
    if (auto elf = library_at(host))
        return Loaded{{host, guest}, std::move(*elf), 0, true};
    return std::nullopt;
}

std::optional<fs::path> LibrarySearch::in_cache(const std::string &name)
{
    if (!cache_) {
        cache_.emplace();
        Command command;
        command.argv = {"/sbin/ldconfig", "-p"};
        const auto listed = runner_.run(command);
        // "	libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1"; without a cache the folders have to do.
        for (const auto &line : lines_of(listed && listed->ok() ? listed->output : std::string())) {
            const auto arrow = line.find(" => ");
            const auto words = words_of(line);
            if (arrow == std::string::npos || words.empty() || line.find("x86-64") == std::string::npos ||
                line.find("hwcap") != std::string::npos)
                continue;
            cache_->emplace(words.front(), line.substr(arrow + 4));
        }
    }
    const auto found = cache_->find(name);
    return found == cache_->end() ? std::nullopt : std::optional(found->second);
}

} // namespace krun
