// SPDX-License-Identifier: MIT
// The configuration of a kernel; see kernel_config.hpp.
#include "build/kernel_config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "build/ccache.hpp"
#include "build/kconfig_expression.hpp"
#include "build/kconfig_tree.hpp"
#include "build/ubuntu_annotations.hpp"
#include "self/krunctl.hpp"
#include "util/input_file.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr InputKind config_kind = {"configuration", "it is vm, disk, debug, kcsan, debian, running, or a file"};
constexpr InputKind included_kind = {"configuration that annotations include",
                                     "name the annotations in the tree that they are from"};
constexpr InputKind fragment_kind = {"configuration fragment", "it is a file with lines like CONFIG_KEXEC=y"};

std::filesystem::path base_file(const KernelMake &make) { return make.objects / "base.config"; }

// merge_config.sh gets copies of our own: it takes no names with blanks, and reads each file more than once.
std::filesystem::path fragment_file(const KernelMake &make, std::size_t number)
{
    return make.objects / fmt::format("fragment-{}.config", number);
}

bool is_config_line(const std::string &line)
{
    const auto text = trim(line);
    if (text.empty() || text.front() == '#')
        return true;
    const auto equals = text.find('=');
    constexpr std::string_view prefix = "CONFIG_";
    return text.starts_with(prefix) && equals != std::string::npos && equals > prefix.size() &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](unsigned char character) { return std::isalnum(character) != 0 || character == '_'; });
}

// What kconfig would pass over with a warning in its log was meant to say something.
Result<Fragment> read_fragment(const Env &env, const std::filesystem::path &file)
{
    auto text = TRY(read_text_input(env, file, fragment_kind));
    unsigned number = 0;
    for (const auto &line : lines_of(text)) {
        ++number;
        if (!is_config_line(line))
            return usage_error(fmt::format("line {} of the configuration fragment {} is no setting: {}", number,
                                           shell_quoted(file.string()), trim(line)),
                               "a setting is CONFIG_NAME=value, or `# CONFIG_NAME is not set`");
    }
    return Fragment{file, std::move(text)};
}

// Ubuntu's source has no other configuration.
Result<void> translate_annotations(const Env &env, const std::filesystem::path &file, ConfigInputs &inputs)
{
    if (!are_annotations(inputs.base))
        return {};
    const auto read = [&env](const std::filesystem::path &included) {
        return read_text_input(env, included, included_kind);
    };
    auto config = TRY(config_of_annotations(file, inputs.base, read));
    say(fmt::format("the configuration is that of {} in {}", config.flavour, file.string()));
    inputs.base = std::move(config.text);
    inputs.distributed = true;
    return {};
}

// The kernel's own script, only to put the files together (-m): what its check finds is not enough for us.
Command merge_command(const KernelMake &make, const ConfigPlan &plan)
{
    Command command;
    command.argv = {"scripts/kconfig/merge_config.sh", "-m", "-O", make.objects.string(),
                    (plan.tiny ? make.objects / ".config" : base_file(make)).string()};
    for (std::size_t at = 0; at < plan.fragments.size(); ++at)
        command.argv.push_back(fragment_file(make, at + 1).string());
    command.directory = make.tree;
    command.environment = {{"KCONFIG_CONFIG", (make.objects / ".config").string()}};
    command.inherits = variables_for_builds();
    command.log = make.log;
    return command;
}

struct Request {
    std::string value;
    std::string fragment; // where it is
    bool for_machine = false;
};

std::map<std::string, Request> requests_of(const ConfigPlan &plan)
{
    std::map<std::string, Request> requests;
    for (const auto &fragment : plan.fragments) {
        for (const auto &[symbol, value] : parse_config(fragment.text))
            requests[symbol] = {value, input_name(fragment.file), fragment.for_machine};
    }
    return requests;
}

// Made only of the kernel's own tinyconfig and our fragments.
constexpr std::array<std::string_view, 4> tiny_configs = {"vm", "disk", "debug", "kcsan"};

bool is_tiny_config(const std::string &config) { return std::ranges::find(tiny_configs, config) != tiny_configs.end(); }

// Everything else is the name of a file.
bool is_named_config(const std::string &config)
{
    const auto names = named_configs();
    return std::ranges::find(names, config) != names.end();
}

// The kernels for the disk and for finding mistakes are the virtual machine's and more.
std::vector<std::string> our_fragments(const std::string &config)
{
    std::vector<std::string> names;
    if (is_tiny_config(config))
        names.push_back("vm.config");
    if (is_tiny_config(config) && config != "vm")
        names.push_back(config + ".config");
    names.insert(names.end(), {"krun.config", "tickless.config"});
    return names;
}

} // namespace

std::vector<std::string> named_configs()
{
    std::vector<std::string> names(tiny_configs.begin(), tiny_configs.end());
    names.insert(names.end(), {"debian", "running"});
    return names;
}

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

Result<ConfigInputs> read_config_inputs(const Env &env, const std::string &config,
                                        const std::vector<std::filesystem::path> &fragments)
{
    ConfigInputs inputs;
    if (!is_named_config(config)) {
        auto base = TRY(read_text_input(env, config, config_kind));
        if (!are_annotations(base) && parse_config(base).empty())
            return usage_error(fmt::format("the configuration {} has no setting in it", shell_quoted(config)),
                               config_kind.hint);
        inputs.base = std::move(base);
        TRY(translate_annotations(env, config, inputs));
    }
    for (const auto &file : fragments)
        inputs.fragments.push_back(TRY(read_fragment(env, file)));
    return inputs;
}

Result<ConfigPlan> plan_config(Filesystem &files, const std::filesystem::path &data, const KernelLine &line,
                               const std::string &config, const ConfigInputs &inputs)
{
    ConfigPlan plan;
    plan.name = config_name(config);
    plan.tiny = is_tiny_config(config);
    plan.base_text = inputs.base;
    plan.personal = !is_named_config(config) && !inputs.distributed;
    if (config == "kcsan") // otherwise KCSAN would watch the whole kernel, and rarely us: krun/Kbuild enables itself
        plan.make_settings = {"KCSAN_SANITIZE=n"};
    for (const auto &name : our_fragments(config)) {
        const bool for_machine = name != "krun.config" && name != "tickless.config";
        for (const auto &folder : {data / "kernel/config", line.config}) {
            if (folder == line.config && !files.exists(folder / name))
                continue;
            plan.fragments.push_back({folder / name, TRY(files.read(folder / name)), for_machine});
        }
    }
    plan.fragments.insert(plan.fragments.end(), inputs.fragments.begin(), inputs.fragments.end());
    return plan;
}

Result<void> configure(const Env &env, const KernelMake &make, const ConfigPlan &plan)
{
    say("configuring");
    TRY(env.files.make_directories(make.objects));
    if (has_ccache())
        TRY(env.files.write(make.cached_compiler(), compiler_script()));
    if (!plan.tiny)
        TRY(env.files.write(base_file(make), plan.base_text));
    for (std::size_t at = 0; at < plan.fragments.size(); ++at)
        TRY(env.files.write(fragment_file(make, at + 1), plan.fragments[at].text));
    if (plan.tiny)
        TRY(env.runner.run_ok(make.command({"tinyconfig"})));
    TRY(env.runner.run_ok(merge_command(make, plan)));
    TRY(env.runner.run_ok(make.command({"olddefconfig"})));
    return {};
}

Result<void> verify_config(Filesystem &files, const KernelMake &make, const ConfigPlan &plan)
{
    const auto final_values = parse_config(TRY(files.read(make.objects / ".config")));
    const auto requests = requests_of(plan);
    auto missing = requests;
    std::erase_if(missing, [&](const auto &one) { return value_of(final_values, one.first) == one.second.value; });
    if (missing.empty())
        return {};
    const auto kconfig = read_kconfig(files, make.tree, "x86");
    const auto described = [&](const std::string &symbol, const Request &request) {
        auto text = fmt::format("{} ({})", config_line(symbol, request.value), request.fragment);
        if (kconfig && request.value == "n")
            text += fmt::format(": it is {}, because something selects it", value_of(final_values, symbol));
        else if (kconfig)
            text += ": " + explain_unmet(*kconfig, final_values, symbol);
        return text;
    };
    std::string list;
    std::size_t count = 0;
    for (const auto &[symbol, request] : missing) {
        const bool is_unknown = kconfig && !kconfig->symbols.contains(symbol);
        if (request.for_machine && (plan.own_source || is_unknown)) {
            say("note: the final configuration lacks " + described(symbol, request));
            continue;
        }
        list += "\n  " + described(symbol, request);
        ++count;
    }
    if (count == 0)
        return {};
    const auto message =
        fmt::format("the final configuration lacks {} of the {} requested values:{}", count, requests.size(), list);
    return failure(message, "add what is missing to a fragment and pass it with --fragment", make.log.string());
}

} // namespace krun
