// SPDX-License-Identifier: MIT
#include "dkms/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr const char *newer_kernels = "^linux-(headers|image)-6.12.*";
// Some of it may fail: a test can have left a package half configured.
constexpr const char *clean_up = "dpkg --purge --force-all krun-dkms krunctl 2>/dev/null\n"
                                 "groupdel kruncounters 2>/dev/null\n"
                                 "rm -rf /var/lib/dkms/krun /usr/src/*-made-up /lib/modules/*-made-up\n"
                                 "find /lib/modules -name 'krun.ko*' -delete\n"
                                 "dpkg --configure -a\n";

} // namespace

std::string DkmsMachine::obstacle_;
std::string DkmsMachine::version_;
std::unique_ptr<Chroot> DkmsMachine::machine_;

void DkmsMachine::SetUpTestSuite()
{
    if (obstacle_ = Chroot::obstacle(); !obstacle_.empty())
        return;
    const auto ours = packages().deb("krun-dkms");
    version_ = trim(run_program({"dpkg-deb", "-f", ours.string(), "Version"}).output);
    auto machine = std::make_unique<Chroot>();
    machine->copy_in(ours, our_deb);
    machine->copy_in(packages().deb("krunctl"), tool_deb);
    machine_ = std::move(machine);
    install({"dkms", usual_headers});
}

void DkmsMachine::SetUp()
{
    if (!obstacle_.empty())
        GTEST_SKIP() << obstacle_;
    ASSERT_NE(machine_, nullptr) << "the chroot could not be made";
    static_cast<void>(machine_->run({"sh", "-c", clean_up}));
    install({usual_headers});
    if (releases().size() > 1)
        purge(newer_kernels);
}

ProcessResult DkmsMachine::try_to_install(const std::vector<std::string> &what)
{
    std::vector<std::string> argv = {"apt-get", "-q", "-y", "--no-install-recommends", "install"};
    argv.insert(argv.end(), what.begin(), what.end());
    return machine_->run(argv);
}

std::string DkmsMachine::install(const std::vector<std::string> &what)
{
    const auto result = try_to_install(what);
    EXPECT_TRUE(result.ok()) << result.output << result.errors;
    auto said = result.output + result.errors;
    std::erase(said, '\r'); // dpkg writes to a terminal of apt's
    return said;
}

std::string DkmsMachine::purge(const std::string &what)
{
    return machine_->output_of({"apt-get", "-q", "-y", "purge", what});
}

std::string DkmsMachine::shell(const std::string &script) { return machine_->output_of({"sh", "-ec", script}); }

bool DkmsMachine::exists(const std::filesystem::path &path)
{
    return machine_->run({"test", "-e", path.string()}).ok();
}

std::vector<std::string> DkmsMachine::releases()
{
    std::vector<std::string> found;
    for (const auto &folder : lines_of(shell("find /lib/modules -mindepth 1 -maxdepth 1 || true"))) {
        if (!folder.ends_with("-made-up") && exists(folder + "/build/include"))
            found.push_back(std::filesystem::path(folder).filename());
    }
    return found;
}

std::string DkmsMachine::usual_release()
{
    const auto name = machine_->output_of({"dpkg-query", "-W", "-f", "${Depends}", usual_headers});
    const std::string beginning = "linux-headers-";
    return name.substr(beginning.size(), name.find(' ') - beginning.size());
}

std::vector<std::string> DkmsMachine::status() { return lines_of(machine_->output_of({"dkms", "status", "krun"})); }

std::string DkmsMachine::installed(const std::string &release)
{
    return fmt::format("krun/{}, {}, x86_64: installed", version_, release);
}

std::filesystem::path DkmsMachine::module_of(const std::string &release)
{
    return trim(shell("find /lib/modules/" + release + "/updates/dkms -name 'krun.ko*' 2>/dev/null || true"));
}

std::string DkmsMachine::modinfo(const std::string &release, const std::string &field)
{
    return trim(machine_->output_of({"modinfo", "-F", field, module_of(release).string()}));
}

void DkmsMachine::make_headers(const std::string &release, const std::string &from, const std::string &to)
{
    shell(fmt::format("cp -rl /usr/src/linux-headers-{0} /usr/src/linux-headers-{1}\n"
                      "cd /usr/src/linux-headers-{1}\n"
                      "sed -i 's/^{2}$/{3}/' .config\n"
                      "grep -qx '{3}' .config\n"
                      "mkdir -p /lib/modules/{1}\n"
                      "ln -s /usr/src/linux-headers-{1} /lib/modules/{1}/build\n",
                      usual_release(), release, from, to));
}

ProcessResult DkmsMachine::announce_headers(const std::string &release)
{
    return machine_->run(
        {"run-parts", "--report", "--exit-on-error", "--arg=" + release, "/etc/kernel/header_postinst.d"});
}

} // namespace krun
