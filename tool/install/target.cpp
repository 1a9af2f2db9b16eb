// SPDX-License-Identifier: MIT

#include "install/target.hpp"

#include <cstdlib>

#include "build/kconfig_expression.hpp"
#include "util/text.hpp"

namespace krun
{

SystemLayout system_layout()
{
    SystemLayout layout;
    if (const char *root = std::getenv("KRUN_ROOT"); root != nullptr && *root == '/')
        layout.root = root;
    return layout;
}

Command plain_command(std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.environment["LC_ALL"] = "C";
    return command;
}

Result<BootMenu> Target::menu()
{
    const auto text = TRY(files.read(layout.grub_config()));
    return BootMenu::parse(text);
}

Result<GrubEnvironment> Target::grub_environment()
{
    if (!files.exists(layout.grub_environment()))
        return GrubEnvironment{};
    const auto listing =
        TRY(runner.run_ok(plain_command({"grub-editenv", layout.grub_environment().string(), "list"})));
    return parse_grub_environment(listing.output);
}

bool Target::can_boot(const BootMenu &menu, const std::string &release)
{
    const auto *entry = menu.entry_of(release);
    return entry != nullptr && files.exists(layout.kernel(release)) &&
           (entry->initrd.empty() || files.exists(layout.boot() / entry->initrd));
}

bool Target::can_use_initrd(const std::string &release)
{
    const auto config = files.read(layout.config(release));
    return !config || value_of(parse_config(*config), "BLK_DEV_INITRD") == "y";
}

Result<std::string> Target::package_status(const std::string &name, std::string *version)
{
    const auto result =
        TRY(runner.run(plain_command({"dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", name})));
    const auto words = words_of(result.output);
    if (!result.ok() || words.empty())
        return std::string("not-installed");
    if (version != nullptr && words.size() > 1)
        *version = words[1];
    return words[0];
}

} // namespace krun
