// SPDX-License-Identifier: MIT
// What is decided before a kernel is compiled; see build_plan.hpp.
#include "build/build_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "build/base_config.hpp"
#include "build/kernel_package.hpp"
#include "build/local_version.hpp"
#include "build/needed_programs.hpp"
#include "build/output_folder.hpp"
#include "source/tarball.hpp"
#include "util/digest.hpp"
#include "util/paths.hpp"

namespace krun
{
namespace
{

constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;

// What the parts take, measured with 6.12 and rounded up.
constexpr std::uintmax_t tree_space = 2300 * mebibyte;
constexpr std::uintmax_t tiny_objects_space = 600 * mebibyte;
constexpr std::uintmax_t full_objects_space = 9000 * mebibyte;
constexpr std::uintmax_t tiny_packages_space = 400 * mebibyte;
constexpr std::uintmax_t full_packages_space = 3000 * mebibyte;

std::vector<NeededProgram> needed_programs(const BuildPlan &plan, const BuildRequest &request)
{
    auto needed = programs_of_compiling();
    const auto add = [&needed](const std::vector<NeededProgram> &more) {
        needed.insert(needed.end(), more.begin(), more.end());
    };
    if (!plan.origin || request.config == "debian")
        add({{"xz", "xz-utils"}, {"apt-get", "apt"}, {"dpkg-deb", "dpkg"}});
    if (request.package)
        add(programs_of_packaging());
    // A base's wish for BTF can be given up, a person's cannot.
    for (const auto &fragment : plan.inputs.fragments) {
        if (asks_for_btf(fragment.text))
            add({{"pahole", "dwarves"}});
    }
    if (!plan.origin)
        return needed;
    if (plan.origin->kind == OriginKind::git)
        add({{"git", "git"}});
    if (plan.origin->kind == OriginKind::folder)
        add({{"rsync", "rsync"}});
    if (plan.origin->kind == OriginKind::url)
        add({{"curl", "curl"}});
    if (!plan.origin->keyring.empty())
        add({{"gpgv", "gpgv"}});
    if (plan.origin->is_tarball()) {
        const auto decompressor = decompressor_of(plan.origin->path.filename().string());
        if (!decompressor.program.empty())
            add({{decompressor.program, decompressor.package}});
    }
    return needed;
}

Result<std::vector<KernelLine>> possible_lines(Filesystem &files, const std::filesystem::path &data,
                                               const BuildRequest &request)
{
    if (request.source.given() && !request.line) {
        auto lines = load_kernel_lines(files, data);
        if (lines && lines->empty())
            return failure(fmt::format("no kernel lines in {}", (data / "kernel/lines").string()));
        return lines;
    }
    auto line = TRY(find_kernel_line(files, data, request.line.value_or(default_line)));
    return std::vector{std::move(line)};
}

// What is wrong with the configuration does not depend on the line, so that it is known before there is one.
Result<void> plan_config_of_line(Filesystem &files, const BuildRequest &request, BuildPlan &plan)
{
    auto config = TRY(plan_config(files, plan.data, plan.line, request.config, plan.inputs));
    plan.config = std::move(config);
    plan.config.own_source = plan.origin.has_value() && !request.line;
    plan.make.config_settings = plan.config.make_settings;
    // In the tools of older kernels, a newer compiler finds something new to warn of.
    if (plan.origin)
        plan.make.config_settings.emplace_back("WERROR=0");
    return {};
}

Result<void> expect_free(Filesystem &files, std::uintmax_t needed)
{
    const auto free = files.free_space(cache_directory());
    if (free >= needed)
        return {};
    return no_space(fmt::format("no space left on the file system of {}: this build needs {} MiB, {} are free",
                                cache_directory().string(), needed / mebibyte, free / mebibyte),
                    "free some space there, or name a folder on another disk with XDG_CACHE_HOME");
}

// For --dry-run: what a base of others says is not known then, and they all have modules.
bool expects_modules(const BuildPlan &plan)
{
    auto value = std::string(plan.config.tiny ? "n" : "y");
    for (const auto &fragment : plan.config.fragments) {
        const auto values = parse_config(fragment.text);
        if (const auto found = values.find("MODULES"); found != values.end())
            value = found->second;
    }
    return value == "y";
}

// Likewise: the version is that of the source package, without Debian's part.
PackagePlan foreseen_packages(Filesystem &files, const BuildPlan &plan, bool has_modules)
{
    auto version = plan.source.version;
    if (const auto tree = kernel_version_of(files, plan.source.tree, "the tree"))
        version = tree->text();
    else if (!plan.origin)
        version = version.substr(0, version.find('-'));
    return {plan.folder, version + plan.make.local_version, package_version_of(version), has_modules};
}

} // namespace

std::vector<std::string> compile_targets(bool has_modules)
{
    if (has_modules)
        return {"bzImage", "modules"};
    return {"bzImage"};
}

Result<PackagePlan> plan_packages(Filesystem &files, const BuildPlan &plan, const std::string &release,
                                  bool has_modules)
{
    TRY(expect_package_name("the release", release, ExitCode::failure));
    const auto version = TRY(kernel_version_of(files, plan.source.tree, plan.source.tree.string()));
    return PackagePlan{plan.folder, release, package_version_of(version.text()), has_modules};
}

Result<BuildPlan> make_plan(const Env &env, const BuildRequest &request)
{
    BuildPlan plan;
    TRY(expect_cache_for_building());
    plan.data = data_directory();
    if (!request.local_version.empty()) {
        TRY(check_local_version(request.local_version));
        const auto nameable = expect_package_name("the local version", request.local_version, ExitCode::usage);
        if (request.package && !nameable)
            return tl::unexpected(nameable.error());
    }
    plan.package = request.package;
    auto lines = TRY(possible_lines(env.files, plan.data, request));
    plan.lines = std::move(lines);
    plan.line = plan.lines.front();
    auto inputs = TRY(read_config_inputs(env, request.config, request.fragments));
    plan.inputs = std::move(inputs);
    TRY(plan_config_of_line(env.files, request, plan));
    plan.make.jobs = request.jobs > 0 ? request.jobs : std::max(1U, std::thread::hardware_concurrency());
    if (request.source.given()) {
        auto origin = TRY(find_origin(env.files, request.source, cache_directory() / "downloads"));
        plan.origin = std::move(origin);
    } else if (!request.source.keyring.empty() || request.source.unverified) {
        return usage_error("--keyring and --unverified are about a tarball that --source names", "name one");
    }
    place(plan, request, plan.line.name);
    TRY(expect_programs(needed_programs(plan, request)));
    return plan;
}

void place(BuildPlan &plan, const BuildRequest &request, const std::string &beginning)
{
    plan.name = beginning + "-" + plan.config.name;
    plan.folder = cache_directory() / "build" / plan.name;
    plan.make.log = cache_directory() / "logs" / fmt::format("build-{}.log", plan.name);
    plan.output = request.output.empty() ? cache_directory() / "kernels" / plan.name
                                         : std::filesystem::absolute(request.output).lexically_normal();
    if (!plan.output.has_filename()) // "--output folder/"
        plan.output = plan.output.parent_path();
}

Result<void> adopt(Filesystem &files, BuildPlan &plan, const BuildRequest &request, UserSource source)
{
    plan.user = std::move(source);
    plan.line = plan.user.line;
    plan.source = plan.user.source;
    TRY(plan_config_of_line(files, request, plan));
    place(plan, request, plan.user.series + "-source");
    return {};
}

Result<void> expect_space_for_tree(Filesystem &files) { return expect_free(files, tree_space); }

Result<void> expect_space(Filesystem &files, const BuildPlan &plan)
{
    // A source of the user's own has been asked about, and unpacked, before.
    std::uintmax_t needed = plan.origin || files.exists(plan.source.tree) ? 0 : tree_space;
    if (!files.exists(plan.make.objects / "vmlinux"))
        needed += plan.config.tiny ? tiny_objects_space : full_objects_space;
    if (plan.package)
        needed += plan.config.tiny ? tiny_packages_space : full_packages_space;
    return expect_free(files, needed);
}

Result<std::string> build_key(ProcessRunner &runner, const BuildPlan &plan)
{
    auto text = fmt::format("{} {}\n{}\n{}\n{}\n", plan.source.package, plan.source.version, plan.source.hooks_hash,
                            plan.source.overlay_hash, plan.compiler);
    if (plan.origin)
        text += fmt::format("{} {}\n", plan.user.identity, plan.user.verified);
    for (const auto &setting : plan.make.settings())
        text += setting + "\n";
    text += plan.config.tiny ? "tinyconfig\n" : plan.config.base_text;
    for (const auto &fragment : plan.config.fragments)
        text += "--- " + fragment.text;
    return sha256_of_text(runner, text);
}

nlohmann::ordered_json metadata_of(const BuildPlan &plan, const std::string &release, const std::string &config_hash)
{
    nlohmann::ordered_json source = {{"package", plan.source.package}, {"version", plan.source.version}};
    if (!plan.source.checksum.empty())
        source["sha256"] = plan.source.checksum;
    if (plan.origin) {
        source = {{"kind", name_of(plan.origin->kind)},
                  {"origin", plan.origin->text},
                  {"version", plan.source.version},
                  {"identity", plan.user.identity},
                  {"hooks_of", plan.line.name}};
        if (plan.origin->is_tarball())
            source["verified"] = plan.user.verified;
    }
    nlohmann::ordered_json metadata = {{"format", 1}};
    if (!plan.origin) // such a kernel is not one of the line, even if it has its hooks
        metadata["line"] = plan.line.name;
    metadata.update({{"config", plan.config.name},
                     {"release", release},
                     {"local_version", plan.make.local_version},
                     {"source", source},
                     {"overlay", plan.source.overlay_hash},
                     {"hooks", plan.source.hooks_hash},
                     {"configuration", config_hash},
                     {"compiler", plan.compiler},
                     {"key", plan.key}});
    if (!plan.hooks.is_null())
        metadata["hook_list"] = plan.hooks;
    return metadata;
}

Result<std::vector<Command>> planned_commands(const Env &env, const BuildPlan &plan)
{
    std::vector<Command> commands;
    if (!env.files.exists(plan.source.tree)) {
        auto preparation = plan.origin ? user_source_commands(env, plan.user, plan.data)
                                       : preparation_commands(env.files, plan.line, plan.data, plan.source);
        if (!preparation)
            return preparation;
        commands = std::move(*preparation);
    }
    for (auto &command : config_commands(plan.make, plan.config))
        commands.push_back(std::move(command));
    const bool has_modules = expects_modules(plan);
    commands.push_back(plan.make.command(compile_targets(has_modules)));
    std::vector<std::pair<std::filesystem::path, std::filesystem::path>> copies;
    for (const auto &[from, to] : products_of_build())
        copies.emplace_back(plan.make.objects / from, plan.output / to);
    if (plan.package) {
        const auto packages = foreseen_packages(env.files, plan, has_modules);
        for (auto &command : packaging_commands(plan.make, packages))
            commands.push_back(std::move(command));
        for (const auto &name : packages.names())
            copies.emplace_back(packages.finished(name), plan.output / name);
    }
    for (const auto &[from, to] : copies) {
        Command copy;
        copy.argv = {"cp", from.string(), to.string()};
        commands.push_back(copy);
    }
    return commands;
}

} // namespace krun
