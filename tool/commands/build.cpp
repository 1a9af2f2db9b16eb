// SPDX-License-Identifier: MIT
// `krunctl build`: from a kernel line, or the user's own source, to a folder with vmlinuz.
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "build/kernel_build.hpp"
#include "build/local_version.hpp"
#include "build/output_folder.hpp"
#include "commands/command.hpp"
#include "util/progress.hpp"

namespace krun
{
namespace
{

struct BuildOptions {
    BuildRequest request;
    bool json = false;
};

void print_json(Filesystem &files, const BuiltKernel &built)
{
    auto json = read_metadata(files, built.folder).value_or(nlohmann::ordered_json::object());
    json["folder"] = built.folder.string();
    json["tree"] = built.tree.string();
    json["objects"] = built.objects.string();
    json["up_to_date"] = built.up_to_date;
    fmt::print("{}\n", json.dump(2));
}

// Who sets one of these for a kernel of their own expects to see it at work.
void tell_of_unused_settings()
{
    for (const auto *name : {"KCFLAGS", "KAFLAGS", "KCPPFLAGS", "CROSS_COMPILE", "LLVM", "KCONFIG_ALLCONFIG"}) {
        if (std::getenv(name) != nullptr)
            say(fmt::format("note: {} is set, and not used", name));
    }
}

void run(Context &context, const BuildOptions &options)
{
    tell_of_unused_settings();
    const auto built = unwrap(build_kernel(context, options.request));
    if (options.request.dry_run)
        return;
    if (options.json)
        print_json(context.files, built);
    else
        fmt::print("{}\n", built.folder.string());
}

} // namespace

void add_build_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<BuildOptions>();
    auto &request = options->request;
    auto *command = app.add_subcommand("build", "fetch, patch, configure and compile a Krun kernel");
    command->add_option("--line", request.line, "kernel line (see `krunctl lines`)")->default_str(default_line);
    auto *source = command->add_option("--source", request.source.name,
                                       "Linux source to build instead of the line's: a folder, a tarball, or its URL");
    command->add_option("--keyring", request.source.keyring, "OpenPGP keys that a tarball's signature may be from")
        ->needs(source);
    command->add_flag("--unverified", request.source.unverified, "accept a tarball without checking its signature")
        ->needs(source);
    command->add_option("--config", request.config, "vm, disk, debug, kcsan, debian, running, or a configuration file")
        ->capture_default_str();
    command->add_option("--fragment", request.fragments, "configuration fragment to merge last (repeatable)")
        ->allow_extra_args(false);
    command->add_option_function<std::string>(
        "--local-version",
        [options](const std::string &text) {
            unwrap(check_local_version(text));
            options->request.local_version = text;
        },
        "what follows the version in `uname -r` (default: .krun. and the first six digits of the commit)");
    command->add_flag("--menuconfig", request.menuconfig, "change the configuration by hand before compiling");
    command->add_flag("--package", request.package, "also make Debian packages: linux-image and linux-headers");
    command->add_option("--jobs,-j", request.jobs, "parallel jobs (default: one per CPU)")
        ->check(CLI::Range(1U, 4096U));
    command->add_option("--output", request.output, "folder for the result (default: in the cache)");
    auto *dry_run = command->add_flag("--dry-run", request.dry_run, "print the commands, change nothing");
    command->add_flag("--json", options->json, "print the result's metadata as JSON")->excludes(dry_run);
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
