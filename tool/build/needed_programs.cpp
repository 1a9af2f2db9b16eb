// SPDX-License-Identifier: MIT
// The programs that a build runs; see needed_programs.hpp.
#include "build/needed_programs.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>

namespace krun
{
namespace
{

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

std::string path_of_administrators()
{
    const char *path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::string result = path == nullptr ? "/usr/bin:/bin" : path;
    for (const auto *folder : {"/usr/sbin", "/sbin"})
        result += fmt::format(":{}", folder);
    return result;
}

} // namespace krun
