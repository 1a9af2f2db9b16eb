// SPDX-License-Identifier: MIT
// See fake_machine.hpp.
#include "package/fake_machine.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *uuid = "1234-abcd";

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

std::string release_in(const std::string &package)
{
    const std::string prefix = "linux-image-";
    return package.rfind(prefix, 0) == 0 ? package.substr(prefix.size()) : std::string();
}

std::string id_of(const std::string &release, const std::string &type)
{
    return fmt::format("gnulinux-{}-{}-{}", release, type, uuid);
}

std::string entry_text(const std::string &indent, const std::string &title, const std::string &id,
                       const std::string &release, const std::string &initrd, const std::string &words)
{
    auto text = fmt::format("{0}menuentry '{1}' --class debian $menuentry_id_option '{2}' {{\n"
                            "{0}\tlinux\t/boot/vmlinuz-{3} root=UUID={4} ro {5}\n",
                            indent, title, id, release, uuid, words);
    if (!initrd.empty())
        text += fmt::format("{}\tinitrd\t{}\n", indent, initrd);
    return text + indent + "}\n";
}

constexpr const char *environment_file = "/boot/grub/grubenv";
constexpr const char *environment_header = "# GRUB Environment Block\n";

std::string without_header(const std::string &text) { return text.substr(std::string(environment_header).size()); }

ProcessResult says(std::string output)
{
    ProcessResult result;
    result.output = std::move(output);
    return result;
}

ProcessResult complains(int status, std::string errors)
{
    ProcessResult result;
    result.status = status;
    result.errors = std::move(errors);
    return result;
}

} // namespace

FakeMachine::FakeMachine() : running(old_kernel)
{
    add("/etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    add("/usr/sbin/update-grub", "");
    add("/etc/grub.d/00_header", "");
    add("/etc/default/grub.d/10-local.cfg", "GRUB_TIMEOUT=1\n");
    add(environment_file, environment_header);
    add("/var/lib/dpkg/status", "");
    add_kernel("6.1.0-40-amd64");
    add_kernel(old_kernel);
    update_grub();
}

void FakeMachine::add_kernel(const std::string &release)
{
    add("/boot/vmlinuz-" + release, "kernel");
    add("/boot/initrd.img-" + release, "initrd");
    add("/lib/modules/" + release + "/kernel/ext4.ko", "module");
    packages["linux-image-" + release] = {"installed", "1"};
}

std::filesystem::path FakeMachine::add_deb(const std::string &name, const std::string &version,
                                           const std::string &architecture)
{
    const auto path = std::filesystem::path("/home/user") / fmt::format("{}_{}_{}.deb", name, version, architecture);
    add(path, fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nInstalled-Size: 20000\n", name, version,
                          architecture));
    return path;
}

void FakeMachine::effect()
{
    if (power_fails_after && effects >= *power_fails_after)
        throw PowerLoss{};
    const auto number = effects++;
    if (fails_at && (number == *fails_at || (fails_for_good && number > *fails_at)))
        throw Failed{};
}

Result<void> FakeMachine::write(const std::filesystem::path &path, const std::string &text)
{
    try {
        effect();
    } catch (const Failed &) {
        return failure("cannot write " + path.string());
    }
    return FakeFilesystem::write(path, text);
}

Result<void> FakeMachine::write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode)
{
    auto result = write(path, text);
    if (result)
        modes[path] = mode;
    return result;
}

Result<void> FakeMachine::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    try {
        effect();
    } catch (const Failed &) {
        return failure("cannot rename to " + to.string());
    }
    return FakeFilesystem::rename(from, to);
}

Result<void> FakeMachine::remove_all(const std::filesystem::path &path)
{
    if (std::uncaught_exceptions() > 0) // in a destructor that would not run, without power
        return failure("no power");
    try {
        effect();
    } catch (const Failed &) {
        return failure("cannot remove " + path.string());
    }
    return FakeFilesystem::remove_all(path);
}

void FakeMachine::erase(const std::filesystem::path &path) { static_cast<void>(FakeFilesystem::remove_all(path)); }

std::vector<std::string> FakeMachine::kernels() const
{
    std::vector<std::string> releases;
    for (const auto &[path, text] : contents) {
        const auto name = path.string();
        if (name.rfind("/boot/vmlinuz-", 0) == 0)
            releases.push_back(name.substr(std::string("/boot/vmlinuz-").size()));
    }
    std::sort(releases.begin(), releases.end(), newer);
    return releases;
}

std::string FakeMachine::default_setting() const
{
    std::string setting = "0";
    for (const auto &[path, text] : contents) { // /etc/default/grub, then grub.d in order
        if (path != "/etc/default/grub" && path.parent_path() != "/etc/default/grub.d")
            continue;
        for (const auto &line : lines_of(text)) {
            if (line.rfind("GRUB_DEFAULT=", 0) != 0)
                continue;
            setting = line.substr(std::string("GRUB_DEFAULT=").size());
            std::erase_if(setting, [](char c) { return c == '\'' || c == '"'; });
        }
    }
    return setting;
}

void FakeMachine::update_grub()
{
    const bool words =
        contents.count("/etc/grub.d/01_krunctl") > 0 && contents.count("/etc/default/grub.d/zz-krunctl.cfg") > 0;
    menu_ = {default_setting(), kernels(), words};
    const auto line = std::string("quiet") + (words ? " $krun_trial" : "");
    std::string text =
        "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n   set boot_once=true\nelse\n";
    text += fmt::format("   set default=\"{}\"\nfi\n",
                        menu_.default_setting == "saved" ? "${saved_entry}" : menu_.default_setting);
    const auto initrd = [&](const std::string &release) {
        const auto path = "/boot/initrd.img-" + release;
        return contents.count(path) > 0 ? path : std::string();
    };
    const auto &first = menu_.releases.front();
    text += entry_text("", "Debian GNU/Linux", std::string("gnulinux-simple-") + uuid, first, initrd(first), line);
    text += fmt::format("submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-{}' {{\n", uuid);
    for (const auto &release : menu_.releases) {
        const auto title = "Debian GNU/Linux, with Linux " + release;
        text += entry_text("\t", title, id_of(release, "advanced"), release, initrd(release), line);
        text += entry_text("\t", title + " (recovery mode)", id_of(release, "recovery"), release, initrd(release), "");
    }
    add("/boot/grub/grub.cfg", text + "}\n");
}

std::string FakeMachine::grub_variable(const std::string &name) const
{
    for (const auto &line : lines_of(contents.at(environment_file))) {
        if (line.rfind(name + "=", 0) == 0)
            return line.substr(name.size() + 1);
    }
    return {};
}

void FakeMachine::set_grub_variable(const std::string &name, const std::string &value)
{
    auto lines = lines_of(contents[environment_file]);
    std::erase_if(lines, [&](const auto &line) { return line.rfind(name + "=", 0) == 0; });
    lines.push_back(name + "=" + value);
    contents[environment_file].clear();
    for (const auto &line : lines)
        contents[environment_file] += line + "\n";
}

std::string FakeMachine::boot()
{
    for (unsigned attempt = 0; attempt < 3; ++attempt) {
        auto setting = grub_variable("next_entry");
        if (!setting.empty())
            set_grub_variable("next_entry", ""); // as GRUB leaves it
        const bool once = !setting.empty();
        if (!once)
            setting = menu_.default_setting == "saved" ? grub_variable("saved_entry") : menu_.default_setting;
        auto release = menu_.releases.front();
        for (const auto &known : menu_.releases) {
            if (setting == fmt::format("gnulinux-advanced-{}>{}", uuid, id_of(known, "advanced")))
                release = known;
        }
        running = contents.count("/boot/vmlinuz-" + release) > 0 && contents.count("/boot/initrd.img-" + release) > 0
                      ? release
                      : std::string();
        if (panicking.count(running) == 0)
            return running;
        running.clear();
        if (!once || !menu_.trial_words)
            break; // it hangs
    }
    return running;
}

std::string FakeMachine::snapshot() const
{
    std::string text;
    for (const auto &[path, content] : contents) {
        if (path.string().rfind("/var/log", 0) != 0)
            text += fmt::format("== {}\n{}\n", path.string(), content);
        if (path == environment_file && text.ends_with("\nnext_entry=\n\n")) // GRUB's own doing
            text.erase(text.size() - std::string("next_entry=\n\n").size(), std::string("next_entry=\n").size());
    }
    for (const auto &[name, package] : packages) {
        if (package.status != "not-installed")
            text += fmt::format("package {} {} {}\n", name, package.version, package.status);
    }
    return text;
}

Result<ProcessResult> FakeMachine::run(const Command &command)
{
    programs.push_back(quoted(command));
    try {
        return answer(command.argv);
    } catch (const Failed &) {
        return complains(1, command.argv.front() + ": No space left on device");
    }
}

ProcessResult FakeMachine::answer(const std::vector<std::string> &argv)
{
    const auto &program = argv.front();
    if (program == "dpkg")
        return dpkg(argv);
    if (program == "update-grub") {
        effect();
        update_grub();
        return {};
    }
    if (program == "sync")
        return {};
    if (program == "sha256sum")
        return says(fmt::format("{0:016x}{0:016x}{0:016x}{0:016x}  {1}\n", std::hash<std::string>()(contents[argv[2]]),
                                argv[2]));
    if (program == "grub-editenv" && argv[1] == "--version")
        return says("grub-editenv (GRUB) 2.06-13+deb12u1\n");
    if (program == "grub-editenv") {
        auto &text = contents[argv[1]];
        if (argv[2] == "list")
            return text.empty() ? complains(1, "invalid environment block") : says(without_header(text));
        // It truncates the file and writes it anew.
        auto lines = lines_of(text);
        effect();
        text.clear();
        effect();
        const auto name = argv[3].substr(0, argv[3].find('='));
        std::erase_if(lines, [&](const auto &line) { return line.rfind(name + "=", 0) == 0; });
        if (argv[2] == "set")
            lines.push_back(argv[3]);
        for (const auto &line : lines)
            text += line + "\n";
        return {};
    }
    if (program == "grub-probe")
        return says((argv[1] == "--target=fs" ? disk_filesystem : disk_abstraction) + "\n");
    if (program == "dkms")
        return dkms.empty() ? complains(127, "") : says(dkms);
    if (program == "dpkg-query") {
        const auto found = packages.find(argv.back());
        if (found == packages.end())
            return complains(1, "no packages found");
        return says(found->second.status + " " + found->second.version + "\n");
    }
    if (program == "dpkg-deb") {
        const auto text = contents[argv[2]];
        if (text.rfind("Package: ", 0) != 0)
            return complains(2, "not a Debian format archive");
        const auto release = release_in(lines_of(text)[0].substr(std::string("Package: ").size()));
        if (argv[1] == "-f")
            return says(text);
        return says(fmt::format("-rw-r--r-- root/root 9000000 2026-01-01 00:00 ./boot/vmlinuz-{0}\n"
                                "{1} root/root 10 2026-01-01 00:00 ./usr/share/krun/{0}/metadata.json\n",
                                release, release.find("krun") == std::string::npos ? "" : "-rw-r--r--"));
    }
    return complains(127, "not modelled: " + program);
}

ProcessResult FakeMachine::dpkg(const std::vector<std::string> &argv)
{
    const auto &action = argv[1];
    if (action == "--print-architecture")
        return says("amd64\n");
    if (action == "--audit") {
        const bool broken = std::any_of(packages.begin(), packages.end(), [](const auto &entry) {
            return entry.second.status != "installed" && entry.second.status != "not-installed" &&
                   entry.second.status != "config-files";
        });
        return says(broken ? "The following packages are only half configured\n" : "");
    }
    const std::vector<std::string> arguments(argv.begin() + 2, argv.end());
    if (action == "--install") {
        for (const auto &deb : arguments)
            unpack(deb);
        for (const auto &deb : arguments)
            configure(lines_of(contents[deb])[0].substr(std::string("Package: ").size()));
    } else if (action == "--configure") {
        for (const auto &name : arguments)
            configure(name);
    } else if (action == "--purge") {
        for (const auto &name : arguments) {
            if (name.rfind("--", 0) != 0)
                purge(name);
        }
    }
    return {};
}

void FakeMachine::unpack(const std::string &deb)
{
    const auto lines = lines_of(contents[deb]);
    const auto name = lines[0].substr(std::string("Package: ").size());
    effect();
    packages[name] = {"half-installed", lines[1].substr(std::string("Version: ").size())};
    if (const auto release = release_in(name); !release.empty()) {
        effect();
        add("/lib/modules/" + release + "/kernel/ext4.ko", "module");
        effect();
        add("/boot/vmlinuz-" + release, "kernel");
    }
    effect();
    packages[name].status = "unpacked";
}

void FakeMachine::configure(const std::string &name)
{
    auto &package = packages[name];
    effect();
    package.status = "half-configured";
    if (const auto release = release_in(name); !release.empty()) {
        effect();
        add("/lib/modules/" + release + "/modules.dep", "made by depmod");
        effect();
        add("/boot/initrd.img-" + release + ".new", "half an initrd");
        effect();
        erase("/boot/initrd.img-" + release + ".new");
        add("/boot/initrd.img-" + release, "initrd");
        effect();
        update_grub();
    }
    effect();
    package.status = "installed";
}

void FakeMachine::purge(const std::string &name)
{
    auto &package = packages[name];
    effect();
    package.status = "half-configured";
    if (const auto release = release_in(name); !release.empty()) {
        effect();
        erase("/boot/vmlinuz-" + release);
        effect();
        erase("/lib/modules/" + release + "/kernel"); // modules.dep stays: it is no package's
        effect();
        erase("/boot/initrd.img-" + release);
        effect();
        update_grub();
    }
    effect();
    package.status = "config-files";
    effect();
    packages.erase(name);
}

} // namespace krun
