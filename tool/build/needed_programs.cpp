// SPDX-License-Identifier: MIT
// The programs that a build runs; see needed_programs.hpp.
#include "build/needed_programs.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "util/process.hpp"

namespace krun
{
namespace
{

constexpr std::array administrators_folders = {"/usr/sbin", "/sbin"};

struct Compressor {
    const char *suffix; // of MODULE_COMPRESS_ and KERNEL_
    const char *program;
    const char *package;
};
constexpr std::array<Compressor, 6> compressors = {{{"XZ", "xz", "xz-utils"},
                                                    {"ZSTD", "zstd", "zstd"},
                                                    {"LZMA", "xz", "xz-utils"},
                                                    {"BZIP2", "bzip2", "bzip2"},
                                                    {"LZO", "lzop", "lzop"},
                                                    {"LZ4", "lz4", "lz4"}}};

bool is_there(const std::string &program)
{
    if (program_on_path(program))
        return true;
    for (const auto *folder : administrators_folders) {
        if (access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

} // namespace

std::vector<NeededProgram> programs_of_compiling()
{
    return {{"make", "make"}, {"gcc", "gcc"}, {"flex", "flex"},  {"bison", "bison"},
            {"bc", "bc"},     {"tar", "tar"}, {"patch", "patch"}};
}

std::vector<NeededProgram> programs_of_packaging()
{
    return {{"dpkg-deb", "dpkg"}, {"dpkg-buildpackage", "dpkg-dev"},
            {"rsync", "rsync"},   {"dh_listpackages", "debhelper"},
            {"cpio", "cpio"},     {"depmod", "kmod"}};
}

std::vector<NeededProgram> programs_of_config(const ConfigValues &values)
{
    std::vector<NeededProgram> needed;
    for (const auto &[suffix, program, package] : compressors) {
        for (const std::string prefix : {"KERNEL_", "MODULE_COMPRESS_"}) {
            if (value_of(values, prefix + suffix) == "y")
                needed.push_back({program, package});
        }
    }
    return needed;
}

Result<void> expect_programs(const std::vector<NeededProgram> &needed)
{
    for (const auto &[program, package] : needed) {
        if (!is_there(program))
            return host_lacks(fmt::format("the program `{}` is not installed", program),
                              fmt::format("sudo apt-get install {}", package));
    }
    return {};
}

std::string path_of_administrators()
{
    const char *path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::string result = path == nullptr ? "/usr/bin:/bin" : path;
    for (const auto *folder : administrators_folders)
        result += fmt::format(":{}", folder);
    return result;
}

} // namespace krun
