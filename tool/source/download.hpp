// SPDX-License-Identifier: MIT
// Downloads of single files, by curl(1). What is named by the final path is whole.
#pragma once

#include <filesystem>
#include <string>

#include "util/env.hpp"

namespace krun
{

Command download_command(const std::string &url, const std::filesystem::path &file);

// Does nothing if `file` exists. Resumes an interrupted download (".partial" beside it).
// `name` is the URL as it may be shown.
Result<void> download(const Env &env, const std::string &url, const std::string &name,
                      const std::filesystem::path &file);

} // namespace krun
