// SPDX-License-Identifier: MIT
// Ubuntu's configurations. Its kernel tree has one file of them all, debian.master/config/annotations, which says for
// each symbol what its value is on which architecture and in which flavour.
//
// Theory: with format 4 these annotations are the whole configuration, and Ubuntu's own builds have no other. A person
// with Ubuntu's tree but another system has no /boot/config-* of it, and kconfig would take the file for one that says
// next to nothing: so it is translated, in the way of debian/scripts/misc/annotations of the same tree. What it says of
// other architectures is passed over, and the build drops what only Ubuntu's packaging can have, as with any base.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "util/result.hpp"

namespace krun
{

// Of any format. No configuration looks like this.
bool are_annotations(std::string_view text);

struct AnnotatedConfig {
    std::string flavour; // "amd64-generic"
    std::string text;    // as in a .config
};

// The text of a file that annotations include.
using ReadIncluded = std::function<Result<std::string>(const std::filesystem::path &)>;

// The configuration of amd64's flavour "generic", or of the first flavour for amd64: there are kernels, such as that
// for a cloud, which have no generic one. `file` names the annotations in errors, and is where what they include is
// looked for.
Result<AnnotatedConfig> config_of_annotations(const std::filesystem::path &file, const std::string &text,
                                              const ReadIncluded &read);

} // namespace krun
