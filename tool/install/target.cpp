// SPDX-License-Identifier: MIT

#include "install/target.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "build/kconfig_expression.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// Below $KRUN_ROOT, which is / without it.
SystemLayout system_layout()
{
    SystemLayout layout;
    if (const char *root = std::getenv("KRUN_ROOT"); root != nullptr && *root == '/')
        layout.root = root;
    return layout;
}

} // namespace

Result<Target> system_target(const Env &env)
{
    const auto release = TRY(env.runner.run_ok({.argv = {"uname", "-r"}, .asks = true})).output;
    const auto user = TRY(env.runner.run_ok({.argv = {"id", "-u"}, .asks = true})).output;
    return Target{env, system_layout(), trim(release), trim(user) == "0", {}};
}

Result<BootMenu> Target::menu() const { return files.read(layout.grub_config()).map(BootMenu::parse); }

Result<GrubEnvironment> Target::grub_environment() const
{
    if (!files.exists(layout.grub_environment()))
        return GrubEnvironment{};
    const auto listing =
        TRY(runner.run_ok({.argv = {"grub-editenv", layout.grub_environment().string(), "list"}, .asks = true}));
    return parse_grub_environment(listing.output);
}

bool Target::can_boot(const BootMenu &menu, const std::string &release) const
{
    const auto *entry = menu.entry_of(release);
    return entry != nullptr && files.exists(layout.kernel(release)) &&
           (entry->initrd.empty() || files.exists(layout.boot() / entry->initrd));
}

bool Target::can_use_initrd(const std::string &release) const
{
    const auto config = files.read(layout.config(release));
    return !config || value_of(parse_config(*config), "BLK_DEV_INITRD") == "y";
}

Result<std::string> Target::package_status(const std::string &name, std::string *version) const
{
    const auto result =
        TRY(runner.run({.argv = {"dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", name}, .asks = true}));
    const auto words = words_of(result.output);
    if (!result.ok() || words.empty())
        return std::string("not-installed");
    if (version != nullptr && words.size() > 1)
        *version = words[1];
    return words[0];
}

Result<void> Target::change(Command command) const
{
    // An unwritable log ends the program, but must not keep dpkg from freeing space.
    constexpr std::uintmax_t room_for_log = 1 << 20;
    if (files.free_space(log.parent_path()) >= room_for_log)
        command.log = log;
    const auto result = TRY(runner.run(command));
    if (result.ok())
        return {};
    if (tells_of_full_disk(result.errors) || tells_of_full_disk(result.output))
        return no_space(fmt::format("no space left for `{}`", command.argv.front()),
                        "free some space: see df -h / /boot");
    return failure_of(command, result);
}

} // namespace krun
