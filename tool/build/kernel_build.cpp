// SPDX-License-Identifier: MIT
// From a source to a folder with vmlinuz; see kernel_build.hpp.
//
// Theory: all that a kernel depends on is put into one text, whose digest is the build's key. The output folder
// remembers its key; the same key means the same kernel, and nothing has to be done.
#include "build/kernel_build.hpp"

#include <fmt/format.h>
#include <optional>
#include <utility>

#include "build/build_plan.hpp"
#include "build/config_values.hpp"
#include "build/kernel_config.hpp"
#include "build/kernel_make.hpp"
#include "build/kernel_package.hpp"
#include "build/local_version.hpp"
#include "build/needed_programs.hpp"
#include "build/output_folder.hpp"
#include "hooks/apply_hooks.hpp"
#include "source/apt_archive.hpp"
#include "source/kernel_source.hpp"
#include "source/overlay.hpp"
#include "source/user_source.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Result<std::string> compiler_version(ProcessRunner &runner)
{
    Command command;
    command.argv = {"gcc", "--version"};
    command.environment["LC_ALL"] = "C";
    const auto result = TRY(runner.run_ok(command));
    const auto lines = lines_of(result.output);
    return lines.empty() ? "unknown" : lines.front();
}

Result<BuiltKernel> result_of(const BuildPlan &plan, const std::string &release, bool up_to_date)
{
    BuiltKernel built;
    built.folder = plan.output;
    built.tree = plan.source.tree;
    built.objects = plan.make.objects;
    built.release = release;
    built.up_to_date = up_to_date;
    return built;
}

void tell(const BuildRequest &request, BuildStage stage)
{
    if (request.on_stage)
        request.on_stage(stage);
}

// Says where the source is, and what the kernel will be called. A source of the user's own is fetched for that.
Result<void> find_source(const Env &env, AptArchive &archive, const BuildRequest &request, BuildPlan &plan)
{
    if (plan.origin) {
        auto source = request.dry_run ? foresee_user_source(env, *plan.origin, plan.lines, plan.data)
                                      : fetch_user_source(env, *plan.origin, plan.lines, plan.data,
                                                          [&env] { return expect_space_for_tree(env.files); });
        if (!source)
            return tl::unexpected(source.error());
        TRY(adopt(env.files, plan, request, std::move(*source)));
    } else {
        auto source = TRY(locate_kernel_source(env, archive, plan.line, plan.data, request.dry_run));
        plan.source = std::move(source);
    }
    plan.make.tree = plan.source.tree;
    plan.make.objects = objects_folder(plan.source.tree, plan.config.name);
    plan.make.local_version = request.local_version;
    if (request.local_version.empty()) {
        auto version = TRY(default_local_version(env.runner, plan.data, plan.source.overlay_hash));
        plan.make.local_version = std::move(version);
    }
    return {};
}

Result<void> prepare_source(const Env &env, AptArchive &archive, BuildPlan &plan,
                            const std::function<void()> &before_apply)
{
    if (plan.origin)
        return apply_to_user_source(env, plan.user, plan.data, before_apply);
    return prepare_kernel_source(env, archive, plan.line, plan.data, plan.source, before_apply);
}

Result<BuiltKernel> print_plan(const Env &env, const BuildPlan &plan)
{
    const auto commands = TRY(planned_commands(env, plan));
    DryRunProcessRunner printer;
    for (const auto &command : commands) {
        TRY(printer.run(command));
    }
    return result_of(plan, {}, false);
}

Result<void> let_person_configure(ProcessRunner &runner, const KernelMake &make)
{
    auto command = make.command({"menuconfig"});
    command.terminal = true;
    TRY(runner.run_ok(command));
    return {};
}

std::filesystem::path with_suffix(std::filesystem::path path, const char *suffix) { return path += suffix; }

// What the configuration asks of this machine, found before hours are spent.
Result<void> expect_possible(const ConfigValues &values, bool package)
{
    auto programs = expect_programs(programs_of_config(values));
    if (!programs || !package)
        return programs;
    auto local_version = value_of(values, "LOCALVERSION");
    std::erase(local_version, '"');
    return expect_package_name("the configuration's LOCALVERSION", local_version, ExitCode::failure);
}

Result<void> package_and_fill(const Env &env, const BuildPlan &plan, const std::string &release, bool has_modules,
                              nlohmann::ordered_json &metadata)
{
    const auto packages = TRY(plan_packages(env.files, plan, release, has_modules));
    const auto made = package_kernel(env, plan.make, packages, metadata);
    auto filled =
        made ? fill_output(env.files, plan.make.objects, *made, plan.output, metadata) : tl::unexpected(made.error());
    // Also after a failure: what is left takes space, and serves nobody.
    static_cast<void>(clear_packaging(env.files, plan.make, packages));
    return filled;
}

// Each tree has objects of its own, gigabytes of them; this build's are kept in the tree that was built last.
Result<void> forget_objects_of_another_tree(Filesystem &files, const BuildPlan &plan)
{
    const auto stamp = with_suffix(plan.folder, ".tree");
    const std::filesystem::path last = trim(files.read(stamp).value_or(std::string()));
    if (last == plan.source.tree)
        return {};
    if (last.parent_path() == source_cache()) {
        TRY(files.remove_all(objects_folder(last, plan.config.name)));
    }
    // Where krunctl once kept them: there they depended on the path of their tree.
    TRY(files.remove_all(plan.folder / "objects"));
    return files.write(stamp, plan.source.tree.string() + "\n");
}

// The part that takes long; the output folder is not touched before all of it went well.
Result<BuiltKernel> build(const Env &env, const BuildRequest &request, BuildPlan &plan)
{
    // The log is of this build alone.
    TRY(env.files.remove_all(plan.make.log));
    TRY(forget_objects_of_another_tree(env.files, plan));
    // The folder of the objects is in the tree.
    TRY(expect_no_link(env.files, plan.source.tree, plan.make.objects.filename()));
    tell(request, BuildStage::configure);
    TRY(configure(env, plan.make, plan.config));
    if (request.menuconfig) {
        TRY(let_person_configure(env.runner, plan.make));
    }
    TRY(verify_config(env.files, plan.make, plan.config));

    const auto config = TRY(env.files.read(plan.make.objects / ".config"));
    const auto config_hash = TRY(sha256_of_text(env.runner, config));
    if (request.menuconfig) // no later build without the person's choices may take this one for its own
        plan.key = "menuconfig-" + config_hash;

    const auto values = parse_config(config);
    TRY(expect_possible(values, request.package));

    tell(request, BuildStage::compile);
    const bool has_modules = value_of(values, "MODULES") == "y";
    if (auto compiled =
            compile_kernel(env, plan.make, compile_targets(has_modules), with_suffix(plan.folder, ".steps"));
        !compiled)
        return tl::unexpected(compiled.error());
    const auto release = TRY(env.files.read(plan.make.objects / "include/config/kernel.release"));
    const auto name = trim(release);
    auto metadata = metadata_of(plan, name, config_hash);
    if (request.package) {
        tell(request, BuildStage::package);
        metadata["selftests"] = plan.selftests_hash;
        TRY(package_and_fill(env, plan, name, has_modules, metadata));
    } else if (auto filled = fill_output(env.files, plan.make.objects, {}, plan.output, metadata); !filled) {
        return tl::unexpected(filled.error());
    }
    say(fmt::format("built Linux {} in {}", name, plan.output.string()));
    if (plan.origin)
        say(fmt::format("proof: it compiles; not booted, no selftests, no check: ./krun test --source {}={} does these",
                        plan.user.series,
                        plan.origin->is_tarball() ? "TREE" : shell_quoted(plan.origin->path.string())));
    return result_of(plan, name, false);
}

} // namespace

Result<BuiltKernel> build_kernel(const Env &env, const BuildRequest &request)
{
    auto plan = TRY(make_plan(env, request));
    AptArchive archive(env, cache_directory() / "apt");
    if (request.dry_run) {
        TRY(find_source(env, archive, request, plan));
        return print_plan(env, plan);
    }
    tell(request, BuildStage::fetch);
    // Where a source of the user's own is built is known when it is fetched, if they have not said it.
    const bool placed = !plan.origin || !request.output.empty();
    if (placed) {
        TRY(expect_writable(env.files, plan.output));
    }
    std::optional<FileLock> build_lock;
    const auto lock_build = [&]() -> Result<void> {
        auto lock = TRY(FileLock::acquire(with_suffix(plan.folder, ".lock"), "the build " + plan.name));
        build_lock = std::move(lock);
        return {};
    };
    if (!plan.origin) {
        TRY(lock_build());
    }
    TRY(find_source(env, archive, request, plan));
    if (!placed) {
        TRY(expect_writable(env.files, plan.output));
    }
    if (!build_lock) {
        TRY(lock_build());
    }
    const auto lock = TRY(FileLock::acquire(tree_lock_file(plan.source.tree), "the kernel source"));

    auto compiler = TRY(compiler_version(env.runner));
    plan.compiler = std::move(compiler);
    TRY(fetch_base_config(env, archive, plan.line, request.config, plan.config));
    if (request.package) {
        auto hash = TRY(sha256_of_tree(env.runner, plan.data / "kernel/selftests"));
        plan.selftests_hash = std::move(hash);
    }
    auto key = TRY(build_key(env.runner, plan));
    plan.key = std::move(key);

    const auto metadata = read_metadata(env.files, plan.output);
    const bool up_to_date = !request.menuconfig && metadata && metadata->value("key", "") == plan.key &&
                            env.files.exists(plan.make.objects / "vmlinux") &&
                            (!request.package || (metadata->value("selftests", "") == plan.selftests_hash &&
                                                  has_packages(env, plan.output, *metadata)));
    if (!up_to_date) {
        TRY(expect_space(env.files, plan));
    }
    // Also when the kernel is as it should be: the selftests in the tree are no part of it, and may have changed.
    const auto before_apply = [&] {
        if (!up_to_date || !env.files.exists(plan.source.tree))
            tell(request, BuildStage::apply);
    };
    TRY(prepare_source(env, archive, plan, before_apply));
    plan.hooks = applied_hooks(env.files, plan.source.tree);
    if (auto fragment = fragment_of(plan.hooks); !fragment.empty())
        plan.config.fragments.push_back({"hooks", std::move(fragment)});
    if (up_to_date) {
        const auto release = metadata->value("release", "");
        say(fmt::format("Linux {} in {} is up to date", release, plan.output.string()));
        return result_of(plan, release, true);
    }
    return build(env, request, plan);
}

} // namespace krun
