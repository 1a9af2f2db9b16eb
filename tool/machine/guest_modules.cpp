// SPDX-License-Identifier: MIT
#include "machine/guest_modules.hpp"

#include <fmt/format.h>

namespace krun
{

MachineRequest with_modules(MachineRequest guest, const std::vector<std::filesystem::path> &modules)
{
    std::string script;
    for (const auto &module : modules) {
        const auto place = "/lib/modules/" + module.filename().string();
        guest.copy_in.push_back({module, place});
        script += fmt::format("insmod {} && ", place);
    }
    std::vector<std::string> command = {"/bin/sh", "-c", script + "exec \"$@\"", "sh"};
    command.insert(command.end(), guest.command.begin(), guest.command.end());
    guest.command = std::move(command);
    return guest;
}

} // namespace krun
