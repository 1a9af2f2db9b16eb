// SPDX-License-Identifier: MIT

#include "build/build_plan.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "build/base_config.hpp"
#include "build/kernel_package.hpp"
#include "self/krunctl.hpp"
#include "util/child_process.hpp"
#include "util/digest.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t digits = 6;
constexpr std::size_t longest = 40; // `uname -r` has room for 64 characters with the kernel's own version

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

bool is_allowed(unsigned char character)
{
    return character < 0x80 && (std::isalnum(character) != 0 || character == '.');
}

} // namespace

Result<void> check_local_version(const std::string &local_version)
{
    const auto bad = std::find_if_not(local_version.begin(), local_version.end(), is_allowed);
    const std::string hint = "only letters, digits and dots are allowed, as in `.krun.test1`";
    if (bad != local_version.end())
        return usage_error(
            fmt::format("the local version {} contains the character '{}'", shell_quoted(local_version), *bad), hint);
    if (local_version.empty())
        return usage_error("the local version is empty", hint);
    if (local_version.size() > longest)
        return usage_error(fmt::format("the local version {} is longer than {} characters", local_version, longest));
    return {};
}

Result<std::string> default_local_version(ProcessRunner &runner, const std::filesystem::path &data,
                                          const std::string &overlay_hash)
{
    const auto from_overlay = ".krun." + overlay_hash.substr(0, digits);
    if (!program_on_path("git"))
        return from_overlay;
    Command command;
    command.argv = {"git", "-C", data.string(), "rev-parse", "--show-toplevel", "HEAD"};
    command.asks = true;
    command.inherits = variables_for_git(); // with a GIT_DIR, the commit would be another repository's
    const auto result = TRY(runner.run(command));
    const auto lines = lines_of(result.output);
    // A copy of our data inside somebody else's clone must not take that one's commit for its own.
    std::error_code ignored;
    if (!result.ok() || lines.size() != 2 || lines[1].size() < digits ||
        !std::filesystem::equivalent(lines[0], data, ignored))
        return from_overlay;
    return ".krun." + lines[1].substr(0, digits);
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

namespace
{

constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;

// What the parts take, measured with 6.12 and rounded up.
constexpr std::uintmax_t tiny_objects_space = 600 * mebibyte;
constexpr std::uintmax_t full_objects_space = 9000 * mebibyte;
constexpr std::uintmax_t tiny_packages_space = 400 * mebibyte;
constexpr std::uintmax_t full_packages_space = 3000 * mebibyte;

// Each with its Debian package, so that a missing one is noticed at once.
std::vector<NeededProgram> needed_programs(const BuildPlan &plan, const BuildRequest &request)
{
    std::vector<NeededProgram> needed = {{"make", "make"}, {"gcc", "gcc"}, {"flex", "flex"},  {"bison", "bison"},
                                         {"bc", "bc"},     {"tar", "tar"}, {"patch", "patch"}};
    const auto add = [&needed](const std::vector<NeededProgram> &more) {
        needed.insert(needed.end(), more.begin(), more.end());
    };
    if (request.config == "debian")
        add({{"xz", "xz-utils"}, {"apt-get", "apt"}, {"dpkg-deb", "dpkg"}});
    if (request.package) // debhelper by kernels from 6.2 on
        add({{"dpkg-deb", "dpkg"},
             {"dpkg-buildpackage", "dpkg-dev"},
             {"rsync", "rsync"},
             {"dh_listpackages", "debhelper"},
             {"cpio", "cpio"},
             {"depmod", "kmod"}});
    // A base's wish for BTF can be given up, a person's cannot.
    for (const auto &fragment : plan.inputs.fragments) {
        if (asks_for_btf(fragment.text))
            add({{"pahole", "dwarves"}});
    }
    add(plan.source->programs());
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
    plan.config = TRY(plan_config(files, plan.data, plan.line, request.config, plan.inputs));
    plan.config.own_source = plan.own_source && !request.line;
    plan.make.config_settings = plan.config.make_settings;
    // In the tools of older kernels, a newer compiler finds something new to warn of.
    if (plan.own_source)
        plan.make.config_settings.emplace_back("WERROR=0");
    return {};
}

// Names the plan's folders, which `beginning` tells apart: "6.12", "7.4-source".
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

// Line, configuration and folders of a source that may be of any series. A dry run may not know it.
Result<void> adopt_series(const Env &env, BuildPlan &plan, const BuildRequest &request, const KernelVersion &version)
{
    const bool is_known = version.major != 0;
    plan.line = is_known ? nearest_line(plan.lines, version) : plan.lines.back();
    plan.series = is_known ? version.series() : "SERIES";
    plan.hook_series = is_known && plan.lines.size() > 1 ? plan.series : plan.line.name;
    if (!is_known)
        say(fmt::format("note: the version of {} is known only after unpacking; the hooks shown are those for {}",
                        plan.source->facts().text, plan.line.name));
    TRY(plan_config_of_line(env.files, request, plan));
    place(plan, request, plan.series + "-source");
    return {};
}

} // namespace

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

std::string foreseen_kernel(Filesystem &files, const BuildPlan &plan)
{
    const auto version = kernel_version_of(files, plan.tree, plan.tree.string());
    return version ? version->text() : plan.source->facts().kernel;
}

Result<PackagePlan> plan_packages(const Env &env, const BuildPlan &plan, const std::string &release, bool has_modules)
{
    if (!env.dry_run())
        TRY(expect_package_name("the release", release, ExitCode::failure));
    const auto version = env.dry_run() ? foreseen_kernel(env.files, plan)
                                       : TRY(kernel_version_of(env.files, plan.tree, plan.tree.string())).text();
    return PackagePlan{plan.folder, release, package_version_of(version), has_modules};
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
    plan.own_source = request.source.given();
    plan.lines = TRY(possible_lines(env.files, plan.data, request));
    plan.line = plan.lines.front();
    plan.inputs = TRY(read_config_inputs(env, request.config, request.fragments));
    TRY(plan_config_of_line(env.files, request, plan));
    plan.make.jobs = request.jobs > 0 ? request.jobs : std::max(1U, std::thread::hardware_concurrency());
    plan.source = TRY(make_source(env, request.source, plan.line));
    place(plan, request, plan.line.name);
    TRY(expect_programs(needed_programs(plan, request)));
    // Mistakes in the clone are reported before the network is used.
    TRY(hash_own_files(env, plan.line.name, plan.data));
    return plan;
}

Result<void> adopt_source(const Env &env, BuildPlan &plan, const BuildRequest &request)
{
    plan.series = plan.hook_series = plan.line.name;
    if (const auto version = plan.source->facts().series)
        TRY(adopt_series(env, plan, request, *version));
    plan.own_files = TRY(hash_own_files(env, plan.line.name, plan.data));
    plan.tree = plan.make.tree = tree_folder(*plan.source, plan.own_files);
    plan.make.objects = objects_folder(plan.tree, plan.config.name);
    plan.make.local_version = request.local_version;
    if (request.local_version.empty())
        plan.make.local_version = TRY(default_local_version(env.runner, plan.data, plan.own_files.overlay));
    return {};
}

Result<void> expect_space(Filesystem &files, const BuildPlan &plan)
{
    std::uintmax_t needed = plan.source->is_unpacked() || files.exists(plan.tree) ? 0 : tree_space;
    if (!files.exists(plan.make.objects / "vmlinux"))
        needed += plan.config.tiny ? tiny_objects_space : full_objects_space;
    if (plan.package)
        needed += plan.config.tiny ? tiny_packages_space : full_packages_space;
    return expect_free_space(files, needed);
}

Result<std::string> build_key(ProcessRunner &runner, const BuildPlan &plan)
{
    const auto &facts = plan.source->facts();
    auto text = fmt::format("{} {} {}\n{}\n{}\n{}\n", facts.identity, facts.version,
                            plan.source->metadata().value("verified", true), plan.own_files.hooks,
                            plan.own_files.overlay, plan.compiler);
    for (const auto &setting : plan.make.settings())
        text += setting + "\n";
    text += plan.config.tiny ? "tinyconfig\n" : plan.config.base_text;
    for (const auto &fragment : plan.config.fragments)
        text += "--- " + fragment.text;
    return sha256_of_text(runner, text);
}

nlohmann::ordered_json metadata_of(const BuildPlan &plan, const std::string &release, const std::string &config_hash)
{
    auto source = plan.source->metadata();
    if (plan.own_source)
        source["hooks_of"] = plan.line.name;
    nlohmann::ordered_json metadata = {{"format", 1}};
    if (!plan.own_source) // such a kernel is not one of the line, even if it has its hooks
        metadata["line"] = plan.line.name;
    metadata.update({{"config", plan.config.name},
                     {"release", release},
                     {"local_version", plan.make.local_version},
                     {"source", source},
                     {"overlay", plan.own_files.overlay},
                     {"hooks", plan.own_files.hooks},
                     {"configuration", config_hash},
                     {"compiler", plan.compiler},
                     {"key", plan.key}});
    if (!plan.hooks.is_null())
        metadata["hook_list"] = plan.hooks;
    return metadata;
}

} // namespace krun
