// SPDX-License-Identifier: MIT
// Debian's own kernel of a line; see stock_kernel.hpp.
#include "source/stock_kernel.hpp"

#include <fmt/format.h>
#include <vector>

#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *image_prefix = "linux-image-";

// linux-image-cloud-amd64 only names the current one, linux-image-6.1.0-<ABI>-cloud-amd64.
Result<std::string> current_image(AptArchive &archive, const KernelLine &line)
{
    const auto names = TRY(archive.dependencies(line.stock_image, line.suites));
    for (const auto &name : names)
        if (name.starts_with(image_prefix + line.name + "."))
            return name;
    return failure(fmt::format("{} names no kernel {} in its dependencies", line.stock_image, line.name));
}

// Of the headers: the architecture's, and those that it needs of the others and of the build programs.
Result<std::vector<fs::path>> header_packages(AptArchive &archive, const KernelLine &line, const std::string &release)
{
    const auto own = "linux-headers-" + release;
    auto names = TRY(archive.dependencies(own, line.suites));
    names.push_back(own);
    std::vector<fs::path> debs;
    for (const auto &name : names) {
        if (!name.starts_with("linux-headers-") && !name.starts_with("linux-kbuild-"))
            continue;
        debs.push_back(TRY(archive.download(name, line.suites)));
    }
    return debs;
}

// Its makefile includes another one by the place where the packages would be installed.
Result<void> relocate(Filesystem &files, const fs::path &makefile, const fs::path &root)
{
    auto text = TRY(files.read(makefile));
    const std::string installed = "include /usr/src/";
    const auto place = text.find(installed);
    if (place == std::string::npos)
        return {};
    text.replace(place, installed.size(), "include " + (root / "usr/src").string() + "/");
    return files.write(makefile, text);
}

} // namespace

Result<StockKernel> stock_kernel(const Env &env, const KernelLine &line)
{
    if (line.stock_image.empty())
        return host_lacks(
            fmt::format("there is no kernel {} of Debian's whose headers this machine can use", line.name),
            "choose another line");
    AptArchive archive(env, cache_directory() / "apt");
    const auto package = TRY(current_image(archive, line));
    const auto image = TRY(archive.download(package, line.suites));
    const auto release = package.substr(std::string(image_prefix).size());
    const auto root = cache_directory() / "stock" / image.stem();
    const auto headers = root / "usr/src" / ("linux-headers-" + release);
    if (!env.files.exists(headers)) {
        auto debs = TRY(header_packages(archive, line, release));
        debs.push_back(image);
        TRY(env.files.remove_all(root));
        TRY(archive.unpack(debs, root));
    }
    TRY(relocate(env.files, headers / "Makefile", root));
    return StockKernel{release, root / "boot" / ("vmlinuz-" + release), root / "lib/modules" / release / "kernel",
                       headers};
}

} // namespace krun
