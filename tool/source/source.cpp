// SPDX-License-Identifier: MIT
// See source.hpp.
#include "source/source.hpp"

#include <fmt/format.h>

#include "hooks/known_hooks.hpp"
#include "self/krunctl.hpp"
#include "util/digest.hpp"

namespace krun
{

Source::~Source() { let_go(); }

Result<void> Source::lock()
{
    if (!lock_)
        lock_ = TRY(env_.files.lock(tree_lock_file(facts_.stem), "the source " + facts_.text));
    return {};
}

void Source::let_go()
{
    if (unpacked_)
        static_cast<void>(env_.files.remove_all(work_folder(facts_.stem)));
    unpacked_ = false;
    lock_.reset();
}

Result<void> Source::unpack()
{
    if (unpacked_)
        return {};
    TRY(lock());
    if (!env_.dry_run())
        TRY(expect_free_space(env_.files, tree_space));
    const auto work = work_folder(facts_.stem);
    TRY(env_.files.remove_all(work));
    unpacked_ = true; // whatever comes of it: it is removed
    TRY(env_.files.make_directories(tree()));
    TRY(fetch_tree(work));
    if (env_.dry_run())
        return {};
    // Whatever was fetched could contain anything; better reported now than by make.
    const auto version = TRY(kernel_version_of(env_.files, tree(), facts_.text));
    facts_.kernel = version.text();
    if (facts_.series)
        facts_.series = version;
    return expect_usable(env_.files, tree(), facts_.text);
}

Result<std::unique_ptr<Source>> make_source(const Env &env, const SourceRequest &request, const KernelLine &line)
{
    if (!request.given()) {
        if (!request.keyring.empty() || request.unverified)
            return usage_error("--keyring and --unverified are about a tarball that --source names", "name one");
        TRY(expect_package(line));
        return debian_source(env, line);
    }
    auto origin = TRY(find_origin(env.files, request, cache_directory() / "downloads"));
    return origin.is_tarball() ? tarball_source(env, std::move(origin)) : folder_source(env, std::move(origin));
}

Result<OwnFiles> hash_own_files(const Env &env, const std::string &line, const std::filesystem::path &data)
{
    const auto known = TRY(load_hooks(env.files, data));
    // Of every line: a tree gets those that fit it best.
    std::string text = line;
    for (const auto &hook : known) {
        for (const auto &variant : hook.variants)
            text += fmt::format("\n{} {} {}", hook.name, variant.series, env.files.read(variant.file).value_or(""));
    }
    text += env.files.read(data / "kernel/hooks/hooks.toml").value_or("");
    return OwnFiles{TRY(sha256_of_text(env.runner, text)), TRY(sha256_of_tree(env.runner, data / "kernel/krun"))};
}

std::filesystem::path tree_folder(const Source &source, const OwnFiles &own)
{
    return with_suffix(source.facts().stem, "-" + short_digest(own.hooks));
}

Result<nlohmann::ordered_json> prepare_tree(const Env &env, Source &source, const TreeRequest &request)
{
    const auto &tree = request.tree;
    const bool is_new = !env.files.exists(tree);
    if (is_new)
        TRY(source.unpack());
    if (request.before_apply)
        request.before_apply();
    nlohmann::ordered_json hooks;
    if (is_new) {
        hooks = TRY(fit_and_apply(env, request.data, source.tree(), request.series, source.for_hooks()));
        TRY(env.files.rename(source.tree(), tree));
    } else {
        hooks = applied_hooks(env.files, tree);
    }
    source.let_go();
    forget_old_trees(env.files, tree, [&source](const std::string &name) { return source.is_of_its_kind(name); });
    TRY(place_overlay(env, request.data, tree));
    return hooks;
}

} // namespace krun
