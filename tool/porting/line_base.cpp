// SPDX-License-Identifier: MIT
// The files that a line's hooks were written for; see line_base.hpp.
#include "porting/line_base.hpp"

#include <fmt/format.h>

#include "source/apt_archive.hpp"
#include "source/kernel_source.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"

namespace krun
{

Result<LineBase> fetch_line_base(ProcessRunner &runner, Filesystem &files, Workbench &bench, const KernelLine &line,
                                 const std::vector<HookPatch> &hooks, const std::filesystem::path &data)
{
    AptArchive archive(runner, files, cache_directory() / "apt");
    // Without a network, apt continues with what it knows from earlier.
    const auto source = locate_kernel_source(runner, files, archive, line, data);
    if (!source)
        return tl::unexpected(source.error());
    const auto lock = FileLock::acquire(tree_lock_file(source->tree), "the kernel source");
    if (!lock)
        return tl::unexpected(lock.error());
    if (auto prepared = prepare_kernel_source(runner, files, archive, line, data, *source); !prepared)
        return tl::unexpected(prepared.error());

    LineBase base{read_touched_files(files, source->tree, hooks), source->version};
    for (auto hook = hooks.rbegin(); hook != hooks.rend(); ++hook) {
        for (auto changes = hook->files.rbegin(); changes != hook->files.rend(); ++changes) {
            const auto text = base.files.find(changes->path);
            if (text == base.files.end())
                return failure(fmt::format("the source of the line {} lacks {}", line.name, changes->path));
            auto without = bench.unpatch(text->second, *changes);
            if (!without)
                return tl::unexpected(without.error());
            text->second = std::move(*without);
        }
    }
    return base;
}

} // namespace krun
