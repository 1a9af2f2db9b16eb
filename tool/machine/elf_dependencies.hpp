// SPDX-License-Identifier: MIT
// What a dynamically linked program needs to run in the guest, which has no C library.
//
// Theory: the loader will search in the guest, by the rules of ld.so(8); we search the same folders, in the same order,
// for a file that the guest has already or that can be copied from this machine. $ORIGIN is another folder here than
// there, so that each place is known by both names, and a library that is found goes where the loader will look.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// What an ELF file says about how it is to be loaded. It is only read: ldd(1) would run the program's own loader.

struct ElfFile {
    std::string interpreter; // the dynamic loader; empty: none, as of a static program or a library
    std::vector<std::string> needed;
    std::vector<std::string> rpath; // folders, with $ORIGIN and the like as they stand there
    std::vector<std::string> runpath;
    bool no_default_folders = false; // only what it names is searched
};

// None when the file is no 64-bit x86 program or library, or is damaged.
std::optional<ElfFile> read_elf(const std::filesystem::path &file);

struct PlacedFile {
    std::filesystem::path host;
    std::filesystem::path guest; // absolute, there
};

class LibrarySearch
{
  public:
    // Where the guest's file of that name comes from; none when it will have no such file.
    using InGuest = std::function<std::optional<std::filesystem::path>(const std::filesystem::path &guest)>;

    // `library_path`: the folders of the guest's LD_LIBRARY_PATH. Ours says nothing about the guest.
    LibrarySearch(ProcessRunner &runner, InGuest in_guest, std::vector<std::string> library_path = {});

    // Loader and libraries that the guest does not have yet, in the order of loading. An Error names the library that
    // is nowhere. Nothing for a program without a loader.
    Result<std::vector<PlacedFile>> needed_by(const PlacedFile &program);

  private:
    struct Loaded {
        PlacedFile file;
        ElfFile elf;
        std::size_t loader; // whom it was loaded for; itself: the program
        bool is_new;        // the guest does not have it yet
    };
    struct Folder {
        std::filesystem::path host; // empty: there is none
        std::filesystem::path guest;
    };

    std::vector<Folder> named_folders(const std::vector<Loaded> &loaded, std::size_t whose) const;
    std::optional<Loaded> find(const std::vector<Loaded> &loaded, std::size_t whose, const std::string &name);
    std::optional<Loaded> find_in(const Folder &folder, const std::string &name) const;
    std::optional<std::filesystem::path> in_cache(const std::string &name);

    ProcessRunner &runner_;
    InGuest in_guest_;
    std::vector<std::string> library_path_;
    std::optional<std::map<std::string, std::filesystem::path>> cache_; // of this machine's loader, when it was asked
};

} // namespace krun
