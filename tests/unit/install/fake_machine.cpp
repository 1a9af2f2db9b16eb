// SPDX-License-Identifier: MIT
// See fake_machine.hpp.
#include "install/fake_machine.hpp"

#include <exception>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "simulation/answers.hpp"
#include "simulation/debian.hpp"
#include "simulation/grub.hpp"
#include "util/text.hpp"

namespace krun
{

using simulation::complains;
using simulation::says;

// The machine's files, as its programs change them. While it is set up, nothing counts as a side effect.
class FakeMachine::ProgramsDisk : public simulation::Disk
{
  public:
    ProgramsDisk(FakeMachine &machine, bool has_effects) : machine_(machine), has_effects_(has_effects) {}

    void effect(const std::string & /*what*/) override
    {
        if (has_effects_ && !machine_.survives_effect())
            throw simulation::BrokenOff{};
    }
    std::optional<std::string> read(const std::filesystem::path &path) override
    {
        const auto found = machine_.contents.find(path);
        return found == machine_.contents.end() ? std::nullopt : std::optional(found->second);
    }
    void write(const std::filesystem::path &path, const std::string &text) override { machine_.add(path, text); }
    void erase(const std::filesystem::path &path) override
    {
        EXPECT_TRUE(machine_.FakeFilesystem::remove_all(path)) << path;
    }
    std::vector<std::string> list(const std::filesystem::path &folder) override
    {
        return machine_.FakeFilesystem::list(folder).value_or(std::vector<std::string>());
    }
    bool is_executable(const std::filesystem::path &path) override
    {
        constexpr unsigned anybody_executes = 0111;
        const auto mode = machine_.modes.find(path);
        return read(path) && mode != machine_.modes.end() && (mode->second & anybody_executes) != 0;
    }
    std::optional<simulation::Archive> open_deb(const std::filesystem::path &path) override;
    std::string filesystem() override { return machine_.disk_filesystem; }
    std::string abstraction() override { return machine_.disk_abstraction; }

  private:
    FakeMachine &machine_;
    bool has_effects_;
};

// A package's text is its control file; by its name, one knows what is in it.
std::optional<simulation::Archive> FakeMachine::ProgramsDisk::open_deb(const std::filesystem::path &path)
{
    const auto text = read(path);
    const std::string first_field = "Package: ";
    if (!text || !text->starts_with(first_field))
        return std::nullopt;
    simulation::Archive archive{*text, {}};
    const auto release = simulation::release_of(lines_of(*text).front().substr(first_field.size()));
    if (release.empty())
        return archive;
    archive.files = {{"/boot/vmlinuz-" + release, "kernel"}, {"/lib/modules/" + release + "/kernel/ext4.ko", "module"}};
    if (release.find("krun") != std::string::npos)
        archive.files.emplace_back("/usr/share/krun/" + release + "/metadata.json", "{}");
    return archive;
}

FakeMachine::FakeMachine() : running(old_kernel)
{
    auto disk = quiet_disk();
    simulation::set_up_debian(disk, {"6.1.0-40-amd64", old_kernel});
}

FakeMachine::ProgramsDisk FakeMachine::quiet_disk() { return {*this, false}; }

std::filesystem::path FakeMachine::add_deb(const std::string &name, const std::string &version,
                                           const std::string &architecture)
{
    const auto path = std::filesystem::path("/home/user") / fmt::format("{}_{}_{}.deb", name, version, architecture);
    add(path, fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nInstalled-Size: 20000\n", name, version,
                          architecture));
    return path;
}

void FakeMachine::add_kernel(const std::string &release)
{
    auto disk = quiet_disk();
    simulation::add_kernel(disk, release);
}

std::map<std::string, simulation::Package> FakeMachine::packages()
{
    auto disk = quiet_disk();
    return simulation::packages(disk);
}

void FakeMachine::set_package(const std::string &name, const simulation::Package &package)
{
    auto disk = quiet_disk();
    simulation::set_package(disk, name, package);
}

void FakeMachine::forget_package(const std::string &name)
{
    auto disk = quiet_disk();
    simulation::forget_package(disk, name);
}

void FakeMachine::set_grub_variable(const std::string &name, const std::string &value)
{
    auto disk = quiet_disk();
    simulation::set_grub_variable(disk, name, value);
}

void FakeMachine::update_grub()
{
    auto disk = quiet_disk();
    simulation::update_grub(disk);
}

bool FakeMachine::survives_effect()
{
    if (power_fails_after && effects >= *power_fails_after)
        throw PowerLoss{};
    const auto number = effects++;
    return !fails_at || (number != *fails_at && !(fails_for_good && number > *fails_at));
}

Result<void> FakeMachine::write(const std::filesystem::path &path, const std::string &text)
{
    if (!survives_effect())
        return failure("cannot write " + path.string());
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
    if (!survives_effect())
        return failure("cannot rename to " + to.string());
    return FakeFilesystem::rename(from, to);
}

Result<void> FakeMachine::remove_all(const std::filesystem::path &path)
{
    if (std::uncaught_exceptions() > 0) // in a destructor that would not run, without power
        return failure("no power");
    if (!survives_effect())
        return failure("cannot remove " + path.string());
    return FakeFilesystem::remove_all(path);
}

std::string FakeMachine::boot()
{
    running.clear();
    for (unsigned attempt = 0; attempt < 3; ++attempt) {
        auto disk = quiet_disk();
        const auto booted = simulation::boot(disk);
        if (panicking.count(booted.release) == 0) {
            running = booted.release;
            break;
        }
        if (!booted.reboots_after_panic)
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
        const std::string left_by_grub = "next_entry=\n"; // GRUB's own doing
        if (path == "/boot/grub/grubenv" && text.ends_with("\n" + left_by_grub + "\n"))
            text.erase(text.size() - left_by_grub.size() - 1, left_by_grub.size());
    }
    return text;
}

Result<ProcessResult> FakeMachine::run(const Command &command)
{
    programs.push_back(quoted(command));
    ProgramsDisk disk(*this, true);
    if (auto result = simulation::run_simulated(disk, command.argv))
        return *result;
    const auto &program = command.argv.front();
    if (program == "sync")
        return ProcessResult{};
    if (program == "dkms")
        return dkms.empty() ? complains(127, "") : says(dkms);
    if (program == "sha256sum") {
        const auto &file = command.argv.back();
        const auto text = disk.read(file);
        return text
                   ? says(fmt::format("{0:016x}{0:016x}{0:016x}{0:016x}  {1}\n", std::hash<std::string>()(*text), file))
                   : complains(1, "sha256sum: " + file + ": No such file or directory");
    }
    ADD_FAILURE() << "the fake machine does not have " << program;
    return complains(127, program + ": not found");
}

} // namespace krun
