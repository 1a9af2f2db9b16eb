// SPDX-License-Identifier: MIT
// `krunctl publish`: packages into a signed apt repository that other machines install from.
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "install/deb_repository.hpp"

namespace krun
{
namespace
{

struct PublishOptions {
    PublishRequest request;
    bool dry_run = false;
    bool json = false;
};

void print_published(const PublishRequest &request, const Published &published)
{
    nlohmann::ordered_json packages = nlohmann::ordered_json::array();
    for (const auto &package : published.packages)
        packages.push_back({{"name", package.name}, {"version", package.version}});
    const nlohmann::ordered_json json = {{"folder", std::filesystem::absolute(request.folder).string()},
                                         {"suite", repository_suite},
                                         {"key", published.fingerprint},
                                         {"packages", packages}};
    print_json(json);
}

void print_people(const PublishRequest &request, const Published &published)
{
    for (const auto &package : published.packages)
        fmt::print("{} {}\n", package.name, package.version);
    fmt::print("\nOn each machine, as root, with the address at which you serve {}:\n"
               "  put its {} into /etc/apt/keyrings/\n"
               "  write /etc/apt/sources.list.d/krun.sources:\n"
               "    Types: deb\n    URIs: ADDRESS\n    Suites: {}\n    Components: main\n"
               "    Signed-By: /etc/apt/keyrings/{}\n",
               request.folder.string(), repository_key_file, repository_suite, repository_key_file);
}

void run(Context &context, const PublishOptions &options)
{
    if (options.dry_run)
        return show_steps(context, options.json, [&](const Env &dry) { unwrap(publish(dry, options.request)); });
    const auto published = unwrap(publish(context, options.request));
    if (options.json)
        print_published(options.request, published);
    else
        print_people(options.request, published);
}

} // namespace

void add_publish_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<PublishOptions>();
    auto &request = options->request;
    auto *command = app.add_subcommand("publish", "Put packages into a signed apt repository");
    command->add_option("DIR", request.folder, "Use the repository in this folder, or create it")->required();
    command->add_option("DEB", request.debs, "Put these packages into it")->required();
    command->add_option("--key", request.key, "Sign with this OpenPGP key of yours, as gpg names it")
        ->type_name("KEY")
        ->required();
    command->add_flag("--change-key", request.change_key, "Sign an existing repository with another key from now on");
    accept_range(
        command->add_option("--valid-for", request.valid_days, "Let machines refuse this index after DAYS; 0 is never")
            ->type_name("DAYS")
            ->default_str("what the repository has, or never"),
        0U, 3650U);
    command->add_flag("--dry-run", options->dry_run, "Print the command and change nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
