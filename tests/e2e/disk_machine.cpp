// SPDX-License-Identifier: MIT
#include "disk_machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "machine/qemu_arguments.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

// An emulated guest on a busy host: these only end what will never come.
constexpr std::chrono::seconds boot_limit{900};
constexpr std::chrono::seconds command_limit{1200};
constexpr std::size_t console_tail_lines = 40;

const char *word_for(AgentEnd end)
{
    switch (end) {
    case AgentEnd::answered:
        return "the command ended";
    case AgentEnd::greeted:
        return "the guest was reset";
    case AgentEnd::stopped:
        return "the machine stopped";
    case AgentEnd::timed_out:
        break;
    }
    return "nothing came in time";
}

} // namespace

std::vector<std::string> disk_machine_arguments(const DiskMachineSetup &setup)
{
    MachineRequest request;
    request.cpus = setup.cpus;
    request.memory_mib = 1024;
    QemuSetup qemu;
    qemu.qemu = setup.qemu.program;
    qemu.firmware = setup.qemu.firmware;
    qemu.counters = true;
    qemu.host_tsc_khz = measured_tsc_khz();
    auto argv = machine_arguments(request, qemu, fmt::format("file,append=on,path={}", setup.console_log.string()));
    const auto add = [&argv](std::string option, std::string value) {
        argv.push_back(std::move(option));
        argv.push_back(std::move(value));
    };
    // The guest's flushes need not reach the host's disk: a power cut here is QEMU's end, not the host's.
    add("-drive", fmt::format("if=virtio,cache=unsafe,format={},file={}", setup.disk_format, setup.disk.string()));
    if (!setup.payload.empty())
        add("-drive", fmt::format("if=virtio,format=raw,readonly=on,file={}", setup.payload.string()));
    if (setup.direct) {
        add("-kernel", setup.direct->kernel.string());
        add("-initrd", setup.direct->initrd.string());
        add("-append", setup.direct->append);
    }
    return argv;
}

DiskMachine::DiskMachine(DiskMachineSetup setup, Transcript &transcript)
    : setup_(std::move(setup)), transcript_(transcript)
{
}

std::string DiskMachine::console() const
{
    std::ifstream stream(setup_.console_log, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(console_start_));
    return {std::istreambuf_iterator<char>(stream), {}};
}

void DiskMachine::mark_console()
{
    std::error_code missing;
    const auto size = fs::file_size(setup_.console_log, missing);
    console_start_ = missing ? 0 : size;
}

void DiskMachine::give_up(const std::string &what)
{
    const std::string tail = last_lines(console(), console_tail_lines);
    transcript_.text("-- the console's end:\n" + tail);
    transcript_.step("FAILED: " + what);
    throw std::runtime_error(
        fmt::format("{}\ntranscript: {}\nthe console's end:\n{}", what, transcript_.file().string(), tail));
}

std::string DiskMachine::release() { return trim(must("uname -r")); }

std::string DiskMachine::power_on()
{
    mark_console();
    const auto argv = disk_machine_arguments(setup_);
    transcript_.text(fmt::format("-- power on: {}", fmt::join(argv, " ")));
    auto started = QemuProcess::start({argv, setup_.console_log.string() + ".qemu", {}, {}});
    if (!started)
        give_up(started.error().message);
    qemu_ = std::make_unique<QemuProcess>(std::move(*started));
    agent_ = std::make_unique<GuestAgent>(*qemu_);
    agent_->on_event = [this](const std::string &name) {
        transcript_.step("the guest says: " + name);
        if (name == "power-cut")
            qemu_->kill();
    };
    return wait_for_boot();
}

std::string DiskMachine::wait_for_boot()
{
    if (const auto end = agent_->wait_for_greeting(boot_limit); end != AgentEnd::greeted)
        give_up(fmt::format("the guest did not come up: {}", word_for(end)));
    const std::string came_up = release();
    transcript_.step("booted " + came_up);
    return came_up;
}

AgentAnswer DiskMachine::run(const std::string &script)
{
    transcript_.command(script);
    AgentAnswer answer = agent_->run(script, command_limit);
    transcript_.text(answer.output);
    if (answer.end != AgentEnd::answered)
        give_up(fmt::format("`{}` was not answered: {}", script, word_for(answer.end)));
    if (answer.status != 0)
        transcript_.text(fmt::format("-- status {}", answer.status));
    return answer;
}

std::string DiskMachine::must(const std::string &script)
{
    const AgentAnswer answer = run(script);
    if (answer.status != 0)
        give_up(fmt::format("`{}` ended with status {}:\n{}", script, answer.status, answer.output));
    return answer.output;
}

AgentEnd DiskMachine::run_to_reset(const std::string &script)
{
    transcript_.command(script);
    mark_console();
    const AgentAnswer answer = agent_->run(script, command_limit);
    transcript_.text(answer.output + "-- " + word_for(answer.end));
    if (answer.end == AgentEnd::answered)
        give_up(fmt::format("`{}` should not have ended, but did with status {}:\n{}", script, answer.status,
                            answer.output));
    if (answer.end == AgentEnd::stopped) {
        agent_.reset();
        qemu_.reset();
    }
    return answer.end;
}

// The agent may be gone before it has answered.
void DiskMachine::order(const std::string &what)
{
    transcript_.command(what);
    const auto answer = agent_->run("systemctl --no-block " + what, command_limit);
    if (answer.end == AgentEnd::timed_out || (answer.end == AgentEnd::answered && answer.status != 0))
        give_up(fmt::format("`{}` was not obeyed: {}", what, answer.output));
}

std::string DiskMachine::reboot()
{
    mark_console();
    order("reboot");
    return wait_for_boot();
}

void DiskMachine::power_cut()
{
    transcript_.step("power cut");
    agent_.reset();
    qemu_.reset();
}

void DiskMachine::shut_down()
{
    order("poweroff");
    if (const auto end = agent_->wait_for_stop(boot_limit); end != AgentEnd::stopped)
        give_up(fmt::format("the guest did not power off: {}", word_for(end)));
    agent_.reset();
    qemu_.reset();
}

} // namespace krun
