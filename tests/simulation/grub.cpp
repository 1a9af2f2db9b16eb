// SPDX-License-Identifier: MIT
// See grub.hpp.
#include "simulation/grub.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "simulation/answers.hpp"
#include "util/text.hpp"

namespace krun::simulation
{
namespace
{

constexpr const char *menu_file = "/boot/grub/grub.cfg";
constexpr const char *environment_file = "/boot/grub/grubenv";
constexpr const char *environment_header = "# GRUB Environment Block\n";

bool newer(const std::string &one, const std::string &other) // 6.12 before 6.1
{
    const auto parts = [](const std::string &text) {
        std::vector<unsigned long> numbers;
        for (const auto &part : split(text, '.'))
            numbers.push_back(std::strtoul(part.c_str(), nullptr, 10));
        return numbers;
    };
    return parts(one) == parts(other) ? one > other : parts(one) > parts(other);
}

// What the script prints. The same few scripts come again and again, on machine after machine.
const std::string &output_of_shell(const std::string &script)
{
    static std::map<std::string, std::string> known;
    const auto found = known.find(script);
    if (found != known.end())
        return found->second;
    Command command;
    command.argv = {"sh", "-e"};
    command.input = script;
    command.inherits = {"PATH"};
    const auto result = SystemProcessRunner().run(command);
    if (!result || !result->ok())
        throw BrokenOff{"grub-mkconfig: " + (result ? result->errors : result.error().message)};
    return known[script] = result->output;
}

struct Settings {
    std::string default_entry;
    std::string words; // of every entry but those for recovery
};

// /etc/default/grub, then the files of grub.d in order.
Settings read_settings(Disk &disk)
{
    const std::filesystem::path folder = "/etc/default/grub.d";
    auto script = disk.read("/etc/default/grub").value_or("");
    for (const auto &name : disk.list(folder)) {
        if (name.ends_with(".cfg"))
            script += disk.read(folder / name).value_or("");
    }
    script += "printf '%s\\n%s\\n' \"${GRUB_DEFAULT:-0}\" \"$GRUB_CMDLINE_LINUX_DEFAULT\"\n";
    const auto lines = lines_of(output_of_shell(script));
    return {lines.at(0), lines.at(1)};
}

std::vector<std::string> kernels(Disk &disk) // newest first
{
    const std::string prefix = "vmlinuz-";
    std::vector<std::string> releases;
    for (const auto &name : disk.list("/boot")) {
        if (name.starts_with(prefix))
            releases.push_back(name.substr(prefix.size()));
    }
    std::sort(releases.begin(), releases.end(), newer);
    return releases;
}

std::string id_of(const std::string &release, const std::string &type)
{
    return fmt::format("gnulinux-{}-{}-{}", release, type, disk_uuid);
}

std::string entry_text(Disk &disk, const std::string &indent, const std::string &title, const std::string &id,
                       const std::string &release, const std::string &words)
{
    const auto initrd = "/boot/initrd.img-" + release;
    auto text = fmt::format("{0}menuentry '{1}' --class debian $menuentry_id_option '{2}' {{\n"
                            "{0}\tlinux\t/boot/vmlinuz-{3} root=UUID={4} ro {5}\n",
                            indent, title, id, release, disk_uuid, words);
    if (disk.read(initrd))
        text += fmt::format("{}\tinitrd\t{}\n", indent, initrd);
    return text + indent + "}\n";
}

// Nothing if it is damaged.
std::optional<std::vector<std::string>> environment_of(Disk &disk, const std::filesystem::path &file)
{
    const auto text = disk.read(file);
    if (!text || !text->starts_with(environment_header))
        return std::nullopt;
    return lines_of(text->substr(std::string(environment_header).size()));
}

void write_environment(Disk &disk, const std::filesystem::path &file, const std::vector<std::string> &variables)
{
    std::string text = environment_header;
    for (const auto &variable : variables)
        text += variable + "\n";
    disk.write(file, text);
}

void forget(std::vector<std::string> &variables, const std::string &name)
{
    std::erase_if(variables, [&](const auto &variable) { return variable.starts_with(name + "="); });
}

std::string between_quotes(const std::string &text, const std::string &before, char quote)
{
    const auto begin = text.find(before + quote);
    if (begin == std::string::npos)
        return {};
    const auto from = begin + before.size() + 1;
    return text.substr(from, text.find(quote, from) - from);
}

std::string grub_variable(Disk &disk, const std::string &name)
{
    for (const auto &variable : environment_of(disk, environment_file).value_or(std::vector<std::string>())) {
        if (variable.starts_with(name + "="))
            return variable.substr(name.size() + 1);
    }
    return {};
}

// What GRUB makes of the menu that is on the disk.
struct Menu {
    struct Entry {
        std::string path; // the ids on the way to it
        std::string kernel;
        std::string initrd;
        std::string words;
    };
    std::vector<Entry> entries;
    std::string default_entry;
    bool has_trial_words = false; // in a one-shot boot, for entries that want them; in a submenu they must be exported

    explicit Menu(const std::string &text)
    {
        std::string submenu;
        bool panics_reboot = false;
        for (const auto &line : lines_of(text)) {
            const auto words = words_of(line);
            const auto id = between_quotes(line, "$menuentry_id_option ", '\'');
            if (words.empty())
                continue;
            if (words[0] == "linux") {
                entries.back().kernel = words.at(1);
                entries.back().words = line;
            } else if (words[0] == "submenu")
                submenu = id + ">";
            else if (words[0] == "menuentry")
                entries.push_back({submenu + id, {}, {}, {}});
            else if (words[0] == "initrd")
                entries.back().initrd = words.at(1);
            else if (words[0] == "set" && line.find("set default=") != std::string::npos)
                default_entry = between_quotes(line, "default=", '"'); // the last is that without a one-shot entry
            else if (words[0] == "set" && line.find("set krun_trial=") != std::string::npos)
                panics_reboot = between_quotes(line, "krun_trial=", '"').find("panic=") != std::string::npos;
            else if (line.find("export krun_trial") != std::string::npos)
                has_trial_words = panics_reboot;
        }
    }
    [[nodiscard]] const Entry &chosen(const std::string &setting) const
    {
        const auto found =
            std::find_if(entries.begin(), entries.end(), [&](const Entry &entry) { return entry.path == setting; });
        return found == entries.end() ? entries.front() : *found;
    }
};

} // namespace

void update_grub(Disk &disk)
{
    disk.effect("update-grub");
    const auto settings = read_settings(disk);
    std::string text =
        "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n   set boot_once=true\nelse\n";
    text += fmt::format("   set default=\"{}\"\nfi\n",
                        settings.default_entry == "saved" ? "${saved_entry}" : settings.default_entry);
    const std::filesystem::path scripts = "/etc/grub.d";
    for (const auto &name : disk.list(scripts)) {
        if (disk.is_executable(scripts / name))
            text += output_of_shell(disk.read(scripts / name).value());
    }
    const auto releases = kernels(disk);
    if (releases.empty())
        throw BrokenOff{"grub-mkconfig: no kernel"};
    text += entry_text(disk, "", "Debian GNU/Linux", std::string("gnulinux-simple-") + disk_uuid, releases.front(),
                       settings.words);
    text += fmt::format("submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-{}' {{\n", disk_uuid);
    for (const auto &release : releases) {
        const auto title = "Debian GNU/Linux, with Linux " + release;
        text += entry_text(disk, "\t", title, id_of(release, "advanced"), release, settings.words);
        text += entry_text(disk, "\t", title + " (recovery mode)", id_of(release, "recovery"), release, "");
    }
    disk.write(menu_file, text + "}\n");
}

ProcessResult grub_editenv(Disk &disk, const std::vector<std::string> &argv)
{
    if (argv.size() == 2 && argv[1] == "--version")
        return says("grub-editenv (GRUB) 2.06-13+deb12u1\n");
    if (argv.size() < 3)
        return complains(1, "grub-editenv: error: you need to specify at least one command");
    const std::filesystem::path file = argv[1];
    if (!disk.read(file)) { // it makes one
        disk.effect("create " + file.string());
        write_environment(disk, file, {});
    }
    auto variables = environment_of(disk, file);
    if (!variables)
        return complains(1, "grub-editenv: error: invalid environment block");
    const auto &action = argv[2];
    if (action == "list" && argv.size() == 3) {
        std::string text;
        for (const auto &variable : *variables)
            text += variable + "\n";
        return says(text);
    }
    if ((action != "set" && action != "unset") || argv.size() != 4)
        return complains(1, "grub-editenv: error: unknown command " + action);
    // It truncates the file and writes it anew.
    disk.effect("truncate " + file.string());
    disk.write(file, "");
    disk.effect("write " + file.string());
    forget(*variables, argv[3].substr(0, argv[3].find('=')));
    if (action == "set")
        variables->push_back(argv[3]);
    write_environment(disk, file, *variables);
    return {};
}

ProcessResult grub_probe(Disk &disk, const std::vector<std::string> &argv)
{
    if (argv.size() != 3 || argv[2].find("/boot/grub") == std::string::npos)
        return complains(1, "grub-probe: error: failed to get canonical path");
    if (argv[1] == "--target=fs")
        return says(disk.filesystem() + "\n");
    if (argv[1] == "--target=abstraction")
        return says(disk.abstraction() + "\n");
    return complains(1, "grub-probe: error: invalid target");
}

void set_grub_variable(Disk &disk, const std::string &name, const std::string &value)
{
    auto variables = environment_of(disk, environment_file).value_or(std::vector<std::string>());
    forget(variables, name);
    variables.push_back(name + "=" + value);
    write_environment(disk, environment_file, variables);
}

Boot boot(Disk &disk)
{
    const Menu menu(disk.read(menu_file).value());
    auto setting = grub_variable(disk, "next_entry");
    const bool once = !setting.empty();
    if (once)
        set_grub_variable(disk, "next_entry", ""); // as GRUB leaves it
    else
        setting = menu.default_entry == "${saved_entry}" ? grub_variable(disk, "saved_entry") : menu.default_entry;
    const auto &entry = menu.chosen(setting);
    const bool is_complete = disk.read(entry.kernel) && (entry.initrd.empty() || disk.read(entry.initrd));
    return {is_complete ? entry.kernel.substr(std::string("/boot/vmlinuz-").size()) : std::string(),
            once && menu.has_trial_words && entry.words.find("$krun_trial") != std::string::npos};
}

} // namespace krun::simulation
