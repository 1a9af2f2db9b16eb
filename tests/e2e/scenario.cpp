// SPDX-License-Identifier: MIT
#include "scenario.hpp"

#include <cctype>
#include <fmt/format.h>
#include <stdexcept>

#include "util/own_process.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

SystemProcessRunner runner;
SystemFilesystem files;

// "TheDefaultReturns" -> "the-default-returns"
std::string file_name_of(const std::string &test)
{
    std::string name;
    for (const char c : test) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0 && !name.empty())
            name += '-';
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return name;
}

void make_layer(const fs::path &layer, const fs::path &below, const std::string &format)
{
    Command command;
    command.argv = {"qemu-img", "create", "-q", "-f", "qcow2", "-F", format, "-b", below.string(), layer.string()};
    if (const auto made = runner.run_ok(command); !made)
        throw std::runtime_error(made.error().message);
}

} // namespace

std::unique_ptr<Inputs> EndToEnd::inputs_;

void EndToEnd::SetUpTestSuite()
{
    if (!missing_inputs().empty() || inputs_)
        return;
    install_interrupt_handlers();
    auto found = find_inputs(Env{runner, files});
    if (!found)
        throw std::runtime_error(found.error().message + " " + found.error().log);
    inputs_ = std::make_unique<Inputs>(std::move(*found));
}

void EndToEnd::TearDownTestSuite() { inputs_.reset(); }

void EndToEnd::SetUp()
{
    if (!inputs_)
        GTEST_SKIP() << missing_inputs();
    const std::string name = file_name_of(testing::UnitTest::GetInstance()->current_test_info()->name());
    std::ignore = files.remove_all(inputs_->logs / (name + ".console"));
    transcript_ = std::make_unique<Transcript>(name, inputs_->logs / (name + ".log"));
}

DiskMachine &EndToEnd::start_on(const fs::path &below, const std::string &format)
{
    disk_ = inputs_->scratch->path() / (transcript_->file().stem().string() + ".qcow2");
    make_layer(disk_, below, format);
    DiskMachineSetup setup;
    setup.qemu = inputs_->qemu;
    setup.disk = disk_;
    setup.payload = inputs_->payload;
    setup.console_log = fs::path(transcript_->file()).replace_extension(".console");
    machine_ = std::make_unique<DiskMachine>(setup, *transcript_);
    machine_->power_on();
    return *machine_;
}

DiskMachine &EndToEnd::start()
{
    DiskMachine &machine = start_on(inputs_->base, "raw");
    machine.must("mkdir /root/packages && tar --extract --file /dev/vdb --directory /root/packages");
    machine.must("dpkg --install /root/packages/tools/krunctl_*.deb && krunctl --version");
    return machine;
}

fs::path EndToEnd::shut_down_and_keep(const std::string &name)
{
    machine_->shut_down();
    machine_.reset();
    const fs::path kept = inputs_->scratch->path() / (name + ".qcow2");
    fs::rename(disk_, kept);
    return kept;
}

std::string EndToEnd::state_of(DiskMachine &machine)
{
    // GRUB's own modules and fonts are many, and nobody touches them.
    return machine.must(R"sh(cd /
dpkg-query --show --showformat '${Package} ${Version} ${db:Status-Abbrev}\n'
files() { find boot etc/default etc/grub.d etc/kernel etc/initramfs-tools lib/modules usr/src usr/share/krun \
    var/lib/krunctl var/lib/initramfs-tools \( -path boot/grub/i386-pc -o -path boot/grub/fonts \
    -o -path 'lib/modules/*-amd64' -o -path boot/lost+found \) -prune -o "$@" 2>/dev/null; }
files -printf '%p %M %U:%G %l\n' | sort
files -type f -print0 | sort -z | xargs -0 sha256sum
grub-editenv list)sh");
}

const char *EndToEnd::install_command()
{
    return "krunctl install --no-boot-gate /root/packages/kernel/*.deb /root/packages/tools/krun-syscall-dev_*.deb";
}

} // namespace krun
