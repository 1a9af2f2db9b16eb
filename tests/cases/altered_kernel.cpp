// SPDX-License-Identifier: MIT
#include "cases/altered_kernel.hpp"

#include <fmt/format.h>

#include "build/output_folder.hpp"
#include "self/krunctl.hpp"
#include "source/tree_cache.hpp"
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
    TRY(one.files.make_directories(data / "kernel"));
    TRY(mirror_folder(one.files, data_directory() / "kernel", data / "kernel"));
    if (!one.files.exists(folder / "krun/apt")) {
        TRY(one.files.make_directories(folder / "krun"));
        Command link;
        link.argv = {"cp", "-al", (cache_directory() / "apt").string(), (folder / "krun/apt").string()};
        TRY(one.runner.run_ok(link));
    }
    return data;
}

} // namespace

Result<BuiltKernel> build_altered_kernel(const Case &one, const std::string &kind, const std::string &config,
                                         const std::function<Result<void>(const fs::path &)> &alter)
{
    const auto cache = cache_directory() / (kind + "s");
    const auto data = TRY(prepare_cache(one, cache));
    TRY(alter(data / "kernel"));
    Command build;
    build.argv = {own_executable().string(), "build",        "--line", one.line, "--config", config,
                  "--local-version",         ".krun." + kind};
    build.environment = {{"XDG_CACHE_HOME", cache.string()}, {"KRUN_DATA", data.string()}};
    // Where ccache keeps what others have compiled depends on XDG_CACHE_HOME.
    Command where;
    where.argv = {"ccache", "--get-config", "cache_dir"};
    if (const auto folder = one.runner.run(where); folder && folder->ok())
        build.environment["CCACHE_DIR"] = trim(folder->output);
    build.log = one.log;
    TRY(one.runner.run_ok(build));
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
