// SPDX-License-Identifier: MIT
// The configuration of a kernel; see kernel_config.hpp.
#include "build/kernel_config.hpp"

#include <cctype>
#include <fmt/format.h>
#include <map>

#include "build/base_config.hpp"
#include "build/config_values.hpp"
#include "build/unmet_dependency.hpp"
#include "util/child_environment.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

std::filesystem::path base_file(const KernelMake &make) { return make.objects / "base.config"; }

// The kernel's own script, only to put the files together (-m): what its check finds is not enough for us.
Command merge_command(const KernelMake &make, const ConfigPlan &plan)
{
    Command command;
    command.argv = {"scripts/kconfig/merge_config.sh", "-m", "-O", make.objects.string(),
                    (plan.tiny ? make.objects / ".config" : base_file(make)).string()};
    for (const auto &fragment : plan.fragments)
        command.argv.push_back(fragment.string());
    command.directory = make.tree;
    command.environment = {{"LC_ALL", "C"}, {"KCONFIG_CONFIG", (make.objects / ".config").string()}};
    command.inherits = variables_for_builds();
    command.log = make.log;
    return command;
}

struct Request {
    std::string value;
    std::string fragment; // where it stands
};

Result<std::map<std::string, Request>> requests_of(Filesystem &files, const ConfigPlan &plan)
{
    std::map<std::string, Request> requests;
    for (const auto &fragment : plan.fragments) {
        const auto text = files.read(fragment);
        if (!text)
            return tl::unexpected(text.error());
        for (const auto &[symbol, value] : parse_config(*text))
            requests[symbol] = {value, fragment.filename().string()};
    }
    return requests;
}

// The kernels for the disk and for finding mistakes are the virtual machine's and more.
std::vector<const char *> our_fragments(const std::string &config)
{
    if (config == "disk")
        return {"vm.config", "disk.config", "krun.config", "tickless.config"};
    if (config == "debug")
        return {"vm.config", "debug.config", "krun.config", "tickless.config"};
    if (config == "kcsan")
        return {"vm.config", "kcsan.config", "krun.config", "tickless.config"};
    if (config == "vm")
        return {"vm.config", "krun.config", "tickless.config"};
    return {"krun.config", "tickless.config"};
}

// Races of the whole kernel would be watched for otherwise, and ours seldom: krun/Kbuild says yes for itself.
std::vector<std::string> our_make_settings(const std::string &config)
{
    if (config == "kcsan")
        return {"KCSAN_SANITIZE=n"};
    return {};
}

} // namespace

std::string config_name(const std::string &config)
{
    if (is_named_config(config))
        return config;
    // "file" in front, because a file may be called `vm` too.
    std::string name = "file-";
    for (const char character : std::filesystem::path(config).filename().string())
        name += std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '.' ? character : '_';
    return name;
}

Result<ConfigPlan> plan_config(Filesystem &files, const std::filesystem::path &data, const KernelLine &line,
                               const std::string &config, const std::vector<std::filesystem::path> &fragments)
{
    ConfigPlan plan;
    plan.name = config_name(config);
    plan.tiny = is_tiny_config(config);
    plan.make_settings = our_make_settings(config);
    if (!is_named_config(config) && (!files.exists(config) || files.is_directory(config)))
        return usage_error(fmt::format("there is no configuration {}", shell_quoted(config)),
                           "it is vm, disk, debug, kcsan, debian, running, or a file");
    for (const auto *name : our_fragments(config)) {
        plan.fragments.push_back(data / "kernel/config" / name);
        if (files.exists(line.config / name))
            plan.fragments.push_back(line.config / name);
    }
    for (const auto &fragment : fragments) {
        if (!files.exists(fragment) || files.is_directory(fragment))
            return usage_error(fmt::format("there is no configuration fragment {}", shell_quoted(fragment.string())));
        // merge_config.sh runs in the kernel's tree
        plan.fragments.push_back(std::filesystem::absolute(fragment));
    }
    return plan;
}

std::vector<Command> config_commands(const KernelMake &make, const ConfigPlan &plan)
{
    std::vector<Command> commands;
    if (plan.tiny)
        commands.push_back(make.command({"tinyconfig"}));
    commands.push_back(merge_command(make, plan));
    commands.push_back(make.command({"olddefconfig"}));
    return commands;
}

Result<void> configure(ProcessRunner &runner, Filesystem &files, const KernelMake &make, const ConfigPlan &plan)
{
    say("configuring");
    if (auto made = files.make_directories(make.objects); !made)
        return made;
    if (!plan.tiny) {
        if (auto written = files.write(base_file(make), plan.base_text); !written)
            return written;
    }
    for (const auto &command : config_commands(make, plan)) {
        if (auto result = runner.run_ok(command); !result)
            return tl::unexpected(result.error());
    }
    return {};
}

Result<void> verify_config(Filesystem &files, const KernelMake &make, const ConfigPlan &plan)
{
    const auto text = files.read(make.objects / ".config");
    if (!text)
        return tl::unexpected(text.error());
    const auto requests = requests_of(files, plan);
    if (!requests)
        return tl::unexpected(requests.error());
    const auto final_values = parse_config(*text);
    std::map<std::string, Request> missing;
    for (const auto &[symbol, request] : *requests) {
        if (value_of(final_values, symbol) != request.value)
            missing[symbol] = request;
    }
    if (missing.empty())
        return {};
    const auto kconfig = read_kconfig(files, make.tree, "x86");
    auto message =
        fmt::format("the final configuration lacks {} of the {} requested values:", missing.size(), requests->size());
    for (const auto &[symbol, request] : missing) {
        message += fmt::format("\n  {} ({})", config_line(symbol, request.value), request.fragment);
        if (kconfig && request.value == "n")
            message += fmt::format(": it is {}, because something selects it", value_of(final_values, symbol));
        else if (kconfig)
            message += ": " + explain_unmet(*kconfig, final_values, symbol);
    }
    return failure(message, "add what is missing to a fragment and pass it with --fragment", make.log.string());
}

} // namespace krun
