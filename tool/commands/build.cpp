// SPDX-License-Identifier: MIT
// `krunctl build`: from a kernel line, or the user's own source, to a folder with vmlinuz.
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "build/build_plan.hpp"
#include "build/kernel_build.hpp"
#include "build/output_folder.hpp"
#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

struct BuildOptions {
    BuildRequest request;
    bool dry_run = false;
    bool json = false;
};

void print_built(Filesystem &files, const BuiltKernel &built)
{
    auto json = read_metadata(files, built.folder).value_or(nlohmann::ordered_json::object());
    json["folder"] = built.folder.string();
    json["tree"] = built.tree.string();
    json["objects"] = built.objects.string();
    json["up_to_date"] = built.up_to_date;
    print_json(json);
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
    if (options.dry_run)
        return show_steps(context, options.json, [&](const Env &dry) { unwrap(build_kernel(dry, options.request)); });
    const auto built = unwrap(build_kernel(context, options.request));
    if (options.json)
        print_built(context.files, built);
    else
        fmt::print("{}\n", built.folder.string());
}

} // namespace

void add_build_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<BuildOptions>();
    auto &request = options->request;
    auto *command = app.add_subcommand("build", "Fetch, patch, configure and compile a Krun kernel");
    command->add_option("--line", request.line, "Build this kernel line; `krunctl lines` lists them")
        ->type_name("LINE")
        ->default_str(default_line);
    auto *source = command
                       ->add_option("--source", request.source.name,
                                    "Build this Linux source instead: a folder, a tarball, or a tarball's URL")
                       ->type_name("SOURCE");
    command->add_option("--keyring", request.source.keyring, "Verify the tarball's signature by the OpenPGP keys in it")
        ->type_name("FILE")
        ->needs(source);
    command->add_flag("--unverified", request.source.unverified, "Accept a tarball without checking its signature")
        ->needs(source);
    accept_words_or_file(command->add_option("--config", request.config, "Start from this configuration")
                             ->type_name("CONFIG")
                             ->capture_default_str(),
                         named_configs());
    command->add_option("--fragment", request.fragments, "Merge this configuration fragment last")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command
        ->add_option_function<std::string>(
            "--local-version",
            [options](const std::string &text) {
                unwrap(check_local_version(text));
                options->request.local_version = text;
            },
            "Put this behind the version in `uname -r`")
        ->type_name("TEXT")
        ->default_str(".krun. and six digits of a hash of Krun's files");
    command->add_flag("--menuconfig", request.menuconfig, "Change the configuration by hand before compiling");
    command->add_flag("--package", request.package, "Also make Debian packages, linux-image and linux-headers");
    accept_range(command->add_option("-j,--jobs", request.jobs, "Run N jobs in parallel")
                     ->type_name("N")
                     ->default_str("one per CPU"),
                 1U, 4096U);
    command->add_option("--output", request.output, "Put the result into this folder")
        ->type_name("FOLDER")
        ->default_str("one in the cache");
    command->add_flag("--dry-run", options->dry_run, "Print the commands and change nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
