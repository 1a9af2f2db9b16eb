// SPDX-License-Identifier: MIT

#include "build/kernel_make.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "build/ccache.hpp"
#include "self/krunctl.hpp"
#include "source/tree_cache.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t shown_log_lines = 20;

// Kbuild's short form: two blanks, a word of capitals, blanks, a file name.
bool is_step(const std::string &line)
{
    if (!line.starts_with("  ") || line.size() < 4 || std::isupper(static_cast<unsigned char>(line[2])) == 0)
        return false;
    const auto words = words_of(line);
    return words.size() >= 2 && std::all_of(words[0].begin(), words[0].end(), [](unsigned char character) {
               return std::isupper(character) != 0 || std::isdigit(character) != 0 || character == '_';
           });
}

// Headers that the kernel's own build programs want, and the Debian packages that have them.
std::string package_for(const std::string &log)
{
    if (log.find("libelf.h: No such file") != std::string::npos ||
        log.find("gelf.h: No such file") != std::string::npos)
        return "libelf-dev";
    if (log.find("openssl/") != std::string::npos && log.find(".h: No such file") != std::string::npos)
        return "libssl-dev";
    if (log.find("ncurses.h: No such file") != std::string::npos)
        return "libncurses-dev";
    return {};
}

tl::unexpected<Error> make_error(Filesystem &files, const KernelMake &make, const std::string &doing)
{
    const auto text = files.read(make.log).value_or(std::string());
    say("the end of " + make.log.string() + ":\n" + trim(last_lines(text, shown_log_lines)));
    if (tells_of_full_disk(text))
        return full_disk("the file system of " + make.objects.string(), make.log.string());
    if (const auto package = package_for(text); !package.empty()) {
        auto error = host_lacks(fmt::format("{} needs the package {}", doing, package),
                                fmt::format("sudo apt-get install {}", package));
        error.value().log = make.log.string();
        return error;
    }
    auto message = first_build_error(text);
    // The tree's own path says nothing to anybody.
    for (const auto &prefix : {make.tree.string() + "/", std::string("../")}) {
        if (message.starts_with(prefix))
            message.erase(0, prefix.size());
    }
    return failure(fmt::format("{} the kernel failed{}", doing, message.empty() ? "" : ": " + message), {},
                   make.log.string());
}

// Settings for somebody else's make or kernel must not leak into this one.
Command make_command(std::vector<std::string> arguments, const std::filesystem::path &log)
{
    Command command;
    command.argv = std::move(arguments);
    command.argv.insert(command.argv.begin(), "make");
    command.inherits = variables_for_builds();
    command.environment = {{"LC_ALL", "C"}, {"MAKEFLAGS", ""}};
    command.log = log;
    return command;
}

} // namespace

std::filesystem::path objects_folder(const std::filesystem::path &tree, const std::string &config_name)
{
    return tree / ("objects-" + config_name);
}

std::vector<std::string> KernelMake::settings() const
{
    // The same sources give the same bytes, on whatever machine and day.
    std::vector<std::string> all = {"ARCH=x86_64",
                                    "LOCALVERSION=" + local_version,
                                    "KBUILD_BUILD_TIMESTAMP=1970-01-01 00:00:00 UTC",
                                    "KBUILD_BUILD_VERSION=1",
                                    "KBUILD_BUILD_USER=krun",
                                    "KBUILD_BUILD_HOST=krun"};
    all.insert(all.end(), config_settings.begin(), config_settings.end());
    return all;
}

Command KernelMake::command(const std::vector<std::string> &targets) const
{
    auto result = make_command({"-C", tree.string(), "O=" + objects.string(), fmt::format("-j{}", jobs)}, log);
    // Not one of the settings: it changes how fast the kernel is made, and the compiler is in the key by itself.
    // Both, because the packaging makes the programs of linux-headers anew when they differ.
    if (has_ccache()) {
        const auto compiler = fmt::format("sh {} gcc", cached_compiler().string());
        result.argv.insert(result.argv.end(), {"CC=" + compiler, "HOSTCC=" + compiler});
    }
    const auto set = settings();
    result.argv.insert(result.argv.end(), set.begin(), set.end());
    result.argv.insert(result.argv.end(), targets.begin(), targets.end());
    result.environment["KCONFIG_CONFIG"] = (objects / ".config").string();
    result.environment.merge(ccache_environment(tree));
    return result;
}

std::string first_build_error(const std::string &log)
{
    std::string from_make;
    for (const auto &line : lines_of(log)) {
        if (line.find(": error: ") != std::string::npos || line.find(": fatal error: ") != std::string::npos ||
            line.find("undefined reference to") != std::string::npos || line.find(": not found") != std::string::npos)
            return trim(line);
        if (from_make.empty() && line.find("*** ") != std::string::npos)
            from_make = trim(line);
    }
    return from_make;
}

Result<std::size_t> run_kernel_make(const Env &env, const KernelMake &make, Command command, Progress &progress,
                                    const std::string &doing)
{
    std::size_t steps = 0;
    command.capture = false;
    command.on_line = [&](const std::string &line) {
        if (!is_step(line))
            return;
        ++steps;
        progress.advance(words_of(line).back());
    };
    const auto result = TRY(env.runner.run(command));
    if (!result.ok())
        return make_error(env.files, make, doing);
    return steps;
}

Result<void> compile_kernel(const Env &env, const KernelMake &make, const std::vector<std::string> &targets,
                            const std::filesystem::path &steps_file)
{
    // What a partial build will take nobody knows; only builds from nothing are alike.
    const bool from_nothing =
        !env.files.exists(make.objects / "vmlinux.o") && !env.files.exists(make.objects / "vmlinux.a");
    const auto known = from_nothing ? env.files.read(steps_file).value_or(std::string()) : std::string();
    const auto total = std::strtoull(known.c_str(), nullptr, 10);
    Progress progress("compiling", total);
    const auto steps = TRY(run_kernel_make(env, make, make.command(targets), progress, "compiling"));
    progress.finish(fmt::format("{} steps", steps));
    if (from_nothing)
        return env.files.write(steps_file, fmt::format("{}\n", steps));
    return {};
}

Result<std::filesystem::path> build_module(const Env &env, const ModuleRequest &request)
{
    TRY(mirror_folder(env.files, request.sources, request.output));
    auto command = make_command({"-C", request.kernel.string(), "M=" + request.output.string(),
                                 fmt::format("-j{}", std::thread::hardware_concurrency())},
                                request.log);
    if (!request.objects.empty())
        command.argv.push_back("O=" + request.objects.string());
    // Headers name the compiler of their Debian, which may not be here.
    command.argv.push_back("CC=" + cached_compiler("gcc"));
    // Headers can bring the kernel's type information along. `pahole` then makes the module's, and need not be here:
    // headers that are unpacked bring no dependencies.
    command.argv.push_back("CONFIG_DEBUG_INFO_BTF_MODULES=");
    command.argv.push_back("modules");
    command.environment.merge(ccache_environment(request.output));
    const auto made = TRY(env.runner.run(command));
    if (!made.ok()) {
        const auto why = first_build_error(made.output + made.errors);
        return failure(fmt::format("{}.ko could not be built{}", request.name, why.empty() ? "" : ": " + why), {},
                       request.log.string());
    }
    return request.output / (request.name + ".ko");
}

Result<std::vector<std::filesystem::path>> build_selftests(const Env &env, const std::filesystem::path &tree,
                                                           const std::filesystem::path &output,
                                                           const std::filesystem::path &log)
{
    const auto sources = tree / "tools/testing/selftests/krun";
    auto listed = env.files.list(sources);
    if (!listed && !env.dry_run())
        return tl::unexpected(listed.error());
    const auto names = std::move(listed).value_or(std::vector<std::string>());
    // The older lines' rules do not see that a header has changed.
    TRY(env.files.remove_all(output));
    TRY(env.files.make_directories(output));
    TRY(env.runner.run_ok(make_command({"-C", sources.string(), "OUTPUT=" + output.string()}, log)));
    std::vector<std::filesystem::path> programs;
    for (const auto &name : names) {
        if (name.ends_with("_test.c"))
            programs.push_back(output / std::filesystem::path(name).stem());
    }
    if (programs.empty() && !env.dry_run())
        return failure("no selftests in " + sources.string());
    return programs;
}

} // namespace krun
