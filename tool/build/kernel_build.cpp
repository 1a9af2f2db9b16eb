// SPDX-License-Identifier: MIT
// From a kernel line to a folder with vmlinuz; see kernel_build.hpp.
//
// Theory: all that a kernel depends on is put into one text, whose digest is the build's key. The output folder
// remembers its key; the same key means the same kernel, and nothing has to be done.
#include "build/kernel_build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

#include "build/config_values.hpp"
#include "build/kernel_config.hpp"
#include "build/kernel_make.hpp"
#include "build/local_version.hpp"
#include "build/output_folder.hpp"
#include "source/apt_archive.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_source.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;

// What the parts take, measured with 6.12 and rounded up.
constexpr std::uintmax_t tree_space = 2300 * mebibyte;
constexpr std::uintmax_t tiny_objects_space = 600 * mebibyte;
constexpr std::uintmax_t full_objects_space = 9000 * mebibyte;

struct Plan {
    std::filesystem::path data;
    KernelLine line;
    KernelSource source;
    ConfigPlan config;
    KernelMake make;
    std::filesystem::path output;
    std::string compiler;
    std::string key;

    [[nodiscard]] std::string name() const { return line.name + "-" + config.name; }
};

Result<std::string> compiler_version(ProcessRunner &runner)
{
    Command command;
    command.argv = {"gcc", "--version"};
    command.environment["LC_ALL"] = "C";
    const auto result = runner.run_ok(command);
    if (!result)
        return tl::unexpected(result.error());
    const auto lines = lines_of(result->output);
    return lines.empty() ? "unknown" : lines.front();
}

Result<void> expect_programs()
{
    struct Needed {
        const char *program;
        const char *package;
    };
    for (const auto &[program, package] : {Needed{"make", "make"},
                                           {"gcc", "gcc"},
                                           {"flex", "flex"},
                                           {"bison", "bison"},
                                           {"bc", "bc"},
                                           {"patch", "patch"},
                                           {"xz", "xz-utils"},
                                           {"tar", "tar"},
                                           {"apt-get", "apt"},
                                           {"dpkg-deb", "dpkg"}}) {
        if (!program_on_path(program))
            return host_lacks(fmt::format("the program `{}` is not installed", program),
                              fmt::format("sudo apt-get install {}", package));
    }
    return {};
}

Result<std::string> build_key(ProcessRunner &runner, Filesystem &files, const Plan &plan)
{
    auto text = fmt::format("{} {}\n{}\n{}\n{}\n{}\n", plan.source.package, plan.source.version, plan.source.hooks_hash,
                            plan.source.overlay_hash, plan.make.local_version, plan.compiler);
    text += plan.config.tiny ? "tinyconfig\n" : plan.config.base_text;
    for (const auto &fragment : plan.config.fragments) {
        const auto content = files.read(fragment);
        if (!content)
            return tl::unexpected(content.error());
        text += "--- " + *content;
    }
    return sha256_of_text(runner, text);
}

// Everything that can be known to be wrong before the network is asked.
Result<Plan> make_plan(Filesystem &files, const BuildRequest &request)
{
    Plan plan;
    plan.data = data_directory();
    if (!request.local_version.empty()) {
        if (auto allowed = check_local_version(request.local_version); !allowed)
            return tl::unexpected(allowed.error());
    }
    auto line = find_kernel_line(files, plan.data, request.line);
    if (!line)
        return tl::unexpected(line.error());
    plan.line = std::move(*line);
    auto config = plan_config(files, plan.data, plan.line, request.config, request.fragments);
    if (!config)
        return tl::unexpected(config.error());
    plan.config = std::move(*config);
    plan.make.objects = cache_directory() / "build" / plan.name();
    plan.make.jobs = request.jobs > 0 ? request.jobs : std::max(1U, std::thread::hardware_concurrency());
    plan.make.log = cache_directory() / "logs" / fmt::format("build-{}.log", plan.name());
    plan.output = request.output.empty() ? cache_directory() / "kernels" / plan.name()
                                         : std::filesystem::absolute(request.output).lexically_normal();
    if (!plan.output.has_filename()) // "--output folder/"
        plan.output = plan.output.parent_path();
    if (auto present = expect_programs(); !present)
        return tl::unexpected(present.error());
    return plan;
}

Result<void> complete_plan(ProcessRunner &runner, Filesystem &files, AptArchive &archive, const BuildRequest &request,
                           Plan &plan)
{
    auto source = locate_kernel_source(runner, files, archive, plan.line, plan.data, request.dry_run);
    if (!source)
        return tl::unexpected(source.error());
    plan.source = std::move(*source);
    plan.make.tree = plan.source.tree;
    plan.make.local_version = request.local_version;
    if (request.local_version.empty()) {
        auto version = default_local_version(runner, plan.data, plan.source.overlay_hash);
        if (!version)
            return tl::unexpected(version.error());
        plan.make.local_version = std::move(*version);
    }
    return {};
}

Result<void> expect_space(Filesystem &files, const Plan &plan)
{
    std::uintmax_t needed = files.exists(plan.source.tree) ? 0 : tree_space;
    if (!files.exists(plan.make.objects / "vmlinux"))
        needed += plan.config.tiny ? tiny_objects_space : full_objects_space;
    const auto free = files.free_space(cache_directory());
    if (free >= needed)
        return {};
    return failure(fmt::format("no space left on the file system of {}: this build needs {} MiB, {} are free",
                               cache_directory().string(), needed / mebibyte, free / mebibyte),
                   "free some space there, or name a folder on another disk with XDG_CACHE_HOME");
}

Result<BuiltKernel> result_of(const Plan &plan, const std::string &release, bool up_to_date)
{
    BuiltKernel built;
    built.folder = plan.output;
    built.tree = plan.source.tree;
    built.objects = plan.make.objects;
    built.release = release;
    built.up_to_date = up_to_date;
    return built;
}

nlohmann::ordered_json metadata_of(const Plan &plan, const std::string &release, const std::string &config_hash)
{
    return {{"format", 1},
            {"line", plan.line.name},
            {"config", plan.config.name},
            {"release", release},
            {"local_version", plan.make.local_version},
            {"source", {{"package", plan.source.package}, {"version", plan.source.version}}},
            {"overlay", plan.source.overlay_hash},
            {"hooks", plan.source.hooks_hash},
            {"configuration", config_hash},
            {"compiler", plan.compiler},
            {"key", plan.key}};
}

// The commands in the order in which they would run.
Result<BuiltKernel> print_plan(Filesystem &files, const Plan &plan)
{
    DryRunProcessRunner printer;
    std::vector<Command> commands;
    if (!files.exists(plan.source.tree)) {
        auto preparation = preparation_commands(files, plan.line, plan.data, plan.source);
        if (!preparation)
            return tl::unexpected(preparation.error());
        commands = std::move(*preparation);
    }
    for (auto &command : config_commands(plan.make, plan.config))
        commands.push_back(std::move(command));
    commands.push_back(plan.make.command({"bzImage"}));
    for (const auto &[from, to] : products_of_build()) {
        Command copy;
        copy.argv = {"cp", (plan.make.objects / from).string(), (plan.output / to).string()};
        commands.push_back(copy);
    }
    for (const auto &command : commands) {
        if (auto printed = printer.run(command); !printed)
            return tl::unexpected(printed.error());
    }
    return result_of(plan, {}, false);
}

Result<void> let_person_configure(ProcessRunner &runner, const KernelMake &make)
{
    auto command = make.command({"menuconfig"});
    command.terminal = true;
    if (auto result = runner.run_ok(command); !result)
        return tl::unexpected(result.error());
    return {};
}

void tell(const BuildRequest &request, BuildStage stage)
{
    if (request.on_stage)
        request.on_stage(stage);
}

// The part that takes long; the output folder is not touched before all of it went well.
Result<BuiltKernel> build(ProcessRunner &runner, Filesystem &files, const BuildRequest &request, Plan &plan)
{
    // The log is of this build alone.
    if (auto removed = files.remove_all(plan.make.log); !removed)
        return tl::unexpected(removed.error());
    tell(request, BuildStage::configure);
    if (auto configured = configure(runner, files, plan.make, plan.config); !configured)
        return tl::unexpected(configured.error());
    if (request.menuconfig) {
        if (auto configured = let_person_configure(runner, plan.make); !configured)
            return tl::unexpected(configured.error());
    }
    if (auto verified = verify_config(files, plan.make, plan.config); !verified)
        return tl::unexpected(verified.error());

    const auto config = files.read(plan.make.objects / ".config");
    if (!config)
        return tl::unexpected(config.error());
    const auto config_hash = sha256_of_text(runner, *config);
    if (!config_hash)
        return tl::unexpected(config_hash.error());
    if (request.menuconfig) // no later build without the person's choices may take this one for its own
        plan.key = "menuconfig-" + *config_hash;

    tell(request, BuildStage::compile);
    std::vector<std::string> targets = {"bzImage"};
    if (value_of(parse_config(*config), "MODULES") == "y")
        targets.emplace_back("modules");
    auto steps_file = plan.make.objects;
    steps_file += ".steps";
    if (auto compiled = compile_kernel(runner, files, plan.make, targets, steps_file); !compiled)
        return tl::unexpected(compiled.error());
    const auto release = files.read(plan.make.objects / "include/config/kernel.release");
    if (!release)
        return tl::unexpected(release.error());
    const auto name = trim(*release);
    if (auto filled = fill_output(files, plan.make.objects, plan.output, metadata_of(plan, name, *config_hash));
        !filled)
        return tl::unexpected(filled.error());
    say(fmt::format("built Linux {} in {}", name, plan.output.string()));
    return result_of(plan, name, false);
}

std::filesystem::path with_lock_suffix(std::filesystem::path path) { return path += ".lock"; }

} // namespace

Result<BuiltKernel> build_kernel(ProcessRunner &runner, Filesystem &files, const BuildRequest &request)
{
    auto plan = make_plan(files, request);
    if (!plan)
        return tl::unexpected(plan.error());
    AptArchive archive(runner, files, cache_directory() / "apt");
    if (request.dry_run) {
        if (auto completed = complete_plan(runner, files, archive, request, *plan); !completed)
            return tl::unexpected(completed.error());
        return print_plan(files, *plan);
    }
    tell(request, BuildStage::fetch);
    if (auto writable = expect_writable(files, plan->output); !writable)
        return tl::unexpected(writable.error());
    const auto build_lock = FileLock::acquire(with_lock_suffix(plan->make.objects), "the build " + plan->name());
    if (!build_lock)
        return tl::unexpected(build_lock.error());
    if (auto completed = complete_plan(runner, files, archive, request, *plan); !completed)
        return tl::unexpected(completed.error());
    const auto tree_lock = FileLock::acquire(tree_lock_file(plan->source.tree), "the kernel source");
    if (!tree_lock)
        return tl::unexpected(tree_lock.error());

    auto compiler = compiler_version(runner);
    if (!compiler)
        return tl::unexpected(compiler.error());
    plan->compiler = std::move(*compiler);
    if (auto fetched = fetch_base_config(runner, files, archive, plan->line, request.config, plan->config); !fetched)
        return tl::unexpected(fetched.error());
    auto key = build_key(runner, files, *plan);
    if (!key)
        return tl::unexpected(key.error());
    plan->key = std::move(*key);

    const auto metadata = read_metadata(files, plan->output);
    const bool up_to_date = !request.menuconfig && metadata && metadata->value("key", "") == plan->key &&
                            files.exists(plan->make.objects / "vmlinux");
    if (!up_to_date) {
        if (auto space = expect_space(files, *plan); !space)
            return tl::unexpected(space.error());
    }
    // Also when the kernel is as it should be: the selftests in the tree are no part of it, and may have changed.
    if (auto prepared = prepare_kernel_source(runner, files, archive, plan->line, plan->data, plan->source); !prepared)
        return tl::unexpected(prepared.error());
    if (up_to_date) {
        const auto release = metadata->value("release", "");
        say(fmt::format("Linux {} in {} is up to date", release, plan->output.string()));
        return result_of(*plan, release, true);
    }
    return build(runner, files, request, *plan);
}

} // namespace krun
