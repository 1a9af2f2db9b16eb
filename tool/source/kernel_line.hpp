// SPDX-License-Identifier: MIT
// A kernel line: a maintained series such as 6.12, described by kernel/lines/<line>/line.toml.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

struct KernelLine {
    std::string name;           // "6.12"
    std::string package;        // the Debian package that carries its source, "linux-source-6.12"; empty: none does
    std::string config_package; // "linux-config-6.12"
    std::vector<std::string> suites; // where the package is looked for
    std::string stock_image;         // Debian's own kernel, "linux-image-cloud-amd64"; empty: none that serves here
    std::string tested;              // newest version that passed all tests
    std::filesystem::path hooks;     // folder of hooks of its own; mostly there is none
    std::filesystem::path config;    // folder of fragments that add to the common ones of the same name

    [[nodiscard]] bool has_package() const { return !package.empty(); }
};

Result<std::vector<KernelLine>> load_kernel_lines(Filesystem &files, const std::filesystem::path &data);
// A usage error for a line whose source is in no package.
Result<void> expect_package(const KernelLine &line);
// An unknown name is a usage error that lists the known ones.
Result<KernelLine> find_kernel_line(Filesystem &files, const std::filesystem::path &data, const std::string &name);

} // namespace krun
