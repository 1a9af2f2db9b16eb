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

#include "machine/elf_file.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

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
