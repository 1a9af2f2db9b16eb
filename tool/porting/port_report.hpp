// SPDX-License-Identifier: MIT
// The result for every hunk of every hook in another kernel.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace krun
{

enum class Place {
    exactly, // as it is
    moved,   // patch(1) found it on another line
    fuzzy,   // patch(1) ignored some of the lines around it
    merged,  // only the three-way merge found it
    there,   // the kernel has the change already
    missing,
};

struct HunkReport {
    std::string file;
    std::size_t number = 0; // in its file
    Place place = Place::missing;
    std::size_t line = 0;   // in the new kernel's file; 0 when missing
    long offset = 0;        // when moved or fuzzy
    unsigned fuzz = 0;      // when fuzzy
    bool confirmed = false; // when fuzzy: the three-way merge puts it into the same place
    std::string inside;     // the function or the like that holds it in the new kernel, the old one's when missing

    // Only when missing.
    std::size_t old_line = 0;
    std::string text;              // the hunk
    std::string conflict;          // what git merge-file made of it; empty without a merge
    std::vector<std::string> look; // where its place could be, a sentence each

    [[nodiscard]] bool is_missing() const { return place == Place::missing; }
    [[nodiscard]] bool wants_a_look() const { return place == Place::fuzzy && !confirmed; }
};

struct HookReport {
    std::string name;        // of its patch, "vector.patch"
    std::string description; // the patch's, as it is
    std::string diffs;       // what applied, made anew; empty when nothing did
    std::vector<HunkReport> hunks;
    std::string variant; // the series whose variant this is, "5.8"
    bool required = true;
    std::string not_needed; // why this kernel does without; there are no hunks then

    [[nodiscard]] bool complete() const;
};

struct PortReport {
    std::string tree;     // as the person named it
    std::string version;  // "6.1.192"
    std::string series;   // "6.1"
    std::string from;     // the line that missing hunks and the configuration are taken from
    std::string base;     // version of that line's source; empty when there were no three-way merges, or no need of any
    bool packaged = true; // as far as is known, a Debian package has the source, as that line's has one
    bool forced = false;  // all hooks are that line's, because the person wants them
    std::vector<std::string> notes;
    std::vector<HookReport> hooks;

    [[nodiscard]] std::size_t count(Place place) const;
    [[nodiscard]] std::size_t hunks() const;
    [[nodiscard]] bool complete() const { return count(Place::missing) == 0; }
    [[nodiscard]] bool builds() const; // no required hook is missing
};

const char *name_of(Place place);
nlohmann::ordered_json as_json(const PortReport &report);

// The report of a port in words.

// The table of all hunks, the notes and the count, for the terminal.
std::string report_table(const PortReport &report);

// What is missing and where to look for its place: hooks/PORTING.md.
std::string porting_notes(const PortReport &report);

// One short paragraph for each missing hunk, for the terminal.
std::string missing_in_short(const PortReport &report);

} // namespace krun
