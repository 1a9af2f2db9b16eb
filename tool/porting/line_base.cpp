// SPDX-License-Identifier: MIT
// The files that a line's hooks were written for; see line_base.hpp.
#include "porting/line_base.hpp"

#include <fmt/format.h>

#include "hooks/apply_hooks.hpp"
#include "source/apt_archive.hpp"
#include "source/debian_source.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"

namespace krun
{
namespace
{

// As the tree's own record has them, in the order in which they were applied.
std::vector<const HookPatch *> patches_in(Filesystem &files, const std::filesystem::path &tree,
                                          const std::vector<Hook> &known)
{
    std::vector<const HookPatch *> patches;
    for (const auto &entry : applied_hooks(files, tree)) {
        if (const auto *patch = patch_on_record(known, entry))
            patches.push_back(patch);
    }
    return patches;
}

} // namespace

Result<LineBase> fetch_line_base(const Env &env, Workbench &bench, const KernelLine &line,
                                 const std::vector<HookPatch> &hooks, const std::vector<Hook> &known,
                                 const std::filesystem::path &data)
{
    TRY(expect_package(line));
    DebianSource source(env, line);
    // Without a network, apt continues with what it knows from earlier.
    TRY(source.identify());
    const auto tree = tree_folder(source, TRY(hash_own_files(env, line.name, data)));
    const auto lock = TRY(env.files.lock(tree_lock_file(tree), "the kernel source"));
    TRY(prepare_tree(env, source, {data, tree, line.name, {}}));

    LineBase base{read_touched_files(env.files, tree, hooks), source.facts().version};
    const auto applied = patches_in(env.files, tree, known);
    for (auto hook = applied.rbegin(); hook != applied.rend(); ++hook) {
        for (auto changes = (*hook)->files.rbegin(); changes != (*hook)->files.rend(); ++changes) {
            const auto text = base.files.find(changes->path);
            if (text == base.files.end()) // another variant than the one that is ported has changed it
                continue;
            text->second = TRY(bench.unpatch(text->second, *changes));
        }
    }
    return base;
}

} // namespace krun
