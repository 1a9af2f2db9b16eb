// SPDX-License-Identifier: MIT
#include "cases/altered_kernel.hpp"

#include <fmt/format.h>

#include "build/output_folder.hpp"
#include "source/overlay.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

// Return: the copy of what krunctl calls its data.
Result<fs::path> prepare_cache(const Case &one, const fs::path &folder)
{
    const auto data = folder / "data";
    if (auto made = one.files.make_directories(data / "kernel"); !made)
        return tl::unexpected(made.error());
    if (auto copied = mirror_folder(one.files, data_directory() / "kernel", data / "kernel"); !copied)
        return tl::unexpected(copied.error());
    if (!one.files.exists(folder / "krun/apt")) {
        if (auto made = one.files.make_directories(folder / "krun"); !made)
            return tl::unexpected(made.error());
        Command link;
        link.argv = {"cp", "-al", (cache_directory() / "apt").string(), (folder / "krun/apt").string()};
        if (auto linked = one.runner.run_ok(link); !linked)
            return tl::unexpected(linked.error());
    }
    return data;
}

} // namespace

Result<BuiltKernel> build_altered_kernel(const Case &one, const std::string &kind, const std::string &config,
                                         const std::function<Result<void>(const fs::path &)> &alter)
{
    const auto cache = cache_directory() / (kind + "s");
    const auto data = prepare_cache(one, cache);
    if (!data)
        return tl::unexpected(data.error());
    if (auto altered = alter(*data / "kernel"); !altered)
        return tl::unexpected(altered.error());
    Command build;
    build.argv = {own_executable().string(), "build",        "--line", one.line, "--config", config,
                  "--local-version",         ".krun." + kind};
    build.environment = {{"XDG_CACHE_HOME", cache.string()}, {"KRUN_DATA", data->string()}};
    // Where ccache keeps what others have compiled depends on XDG_CACHE_HOME.
    Command where;
    where.argv = {"ccache", "--get-config", "cache_dir"};
    if (const auto folder = one.runner.run(where); folder && folder->ok())
        build.environment["CCACHE_DIR"] = trim(folder->output);
    build.log = one.log;
    if (auto built = one.runner.run_ok(build); !built)
        return tl::unexpected(built.error());
    const auto name = fmt::format("{}-{}", one.line, config);
    const auto folder = cache / "krun/kernels" / name;
    const auto metadata = read_metadata(one.files, folder);
    const auto tree = one.files.read(cache / "krun/build" / (name + ".tree"));
    if (!metadata || !tree)
        return failure("krunctl build left no " + name);
    const fs::path sources = trim(*tree);
    return BuiltKernel{folder, sources, sources / ("objects-" + config), metadata->value("release", "")};
}

} // namespace krun
