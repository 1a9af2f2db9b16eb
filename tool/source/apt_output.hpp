// SPDX-License-Identifier: MIT
// What apt's programs print.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace krun
{

// The first error of apt, which is closer to the cause than the last.
std::string first_apt_complaint(const std::string &errors);
// A Debian version as a part of a file name: apt too writes an epoch's colon as %3a.
std::string in_file_name(std::string version);
// Of the first "FIELD: VALUE"; empty without one.
std::string value_of_field(const std::string &text, const std::string &field);
// Name and SHA-256 of each file of this version, from what `apt-cache showsrc` prints.
std::vector<std::pair<std::string, std::string>> files_of_source(const std::string &shown, const std::string &version);

} // namespace krun
