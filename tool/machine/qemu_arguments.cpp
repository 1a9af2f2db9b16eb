// SPDX-License-Identifier: MIT

#include "machine/qemu_arguments.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <thread>
#include <x86intrin.h>

namespace krun
{
namespace
{

using Clock = std::chrono::steady_clock;

struct Reading {
    std::uint64_t ticks;
    Clock::time_point time;
};

Reading read_both()
{
    // The pair that was read fastest: one with an interrupt between the two would be off.
    Reading best{};
    auto shortest = ~std::uint64_t{0};
    for (int attempt = 0; attempt < 5; ++attempt) {
        const std::uint64_t before = __rdtsc();
        const auto time = Clock::now();
        const std::uint64_t after = __rdtsc();
        if (after - before < shortest) {
            shortest = after - before;
            best = {before + (after - before) / 2, time};
        }
    }
    return best;
}

std::uint64_t one_measurement()
{
    const Reading first = read_both();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Reading last = read_both();
    const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(last.time - first.time).count();
    return elapsed <= 0 ? 0 : (last.ticks - first.ticks) * 1000000 / static_cast<std::uint64_t>(elapsed);
}

// With -icount shift=0 an instruction takes one nanosecond of the guest's time.
constexpr std::uint64_t icount_tsc_khz = 1000000;

std::uint64_t tsc_khz(const MachineRequest &request, const QemuSetup &setup)
{
    return request.icount ? icount_tsc_khz : setup.host_tsc_khz;
}

std::string cpu_model(const MachineRequest &request, const QemuSetup &setup)
{
    if (setup.kvm)
        return "host,pmu=on";
    // Linux takes its PMU driver by vendor. With `hypervisor` on, which is QEMU's default, it does not expect Intel's
    // branch recorder; without `monitor`, which only AMD's model has, an idle CPU halts. check=off: TCG would complain
    // of every feature of the model that it lacks.
    std::string model =
        request.vendor == CpuVendor::amd ? "EPYC-Rome,check=off,monitor=off" : "Skylake-Client,check=off";
    if (setup.counters) {
        model += ",x-pmu=on";
        if (!request.perfctr_core)
            model += ",x-pmu-perfctr-core=off";
        if (request.aperf_ratio != 0)
            model += fmt::format(",x-pmu-aperf-ratio={}", request.aperf_ratio);
        if (request.ipc != 0)
            model += fmt::format(",x-pmu-ipc={}", request.ipc);
        // Linux looks in CPUID for the rates of an Intel CPU's TSC and of its local APIC's timer. On a busy host it
        // could not measure them, because the 8254 is emulated, too.
        if (const auto khz = tsc_khz(request, setup); khz != 0 && request.vendor == CpuVendor::intel)
            model += fmt::format(",level=0x15,tsc-frequency={}", khz * 1000);
    }
    if (setup.invariant_tsc)
        model += ",invtsc=on";
    if (request.tsc_step != 0)
        model += fmt::format(",x-tsc-step={}", request.tsc_step);
    return model;
}

std::string icount_option(const MachineRequest &request)
{
    const std::string option = "shift=0,sleep=off"; // sleep=off: idle time passes at once
    return request.icount_turn == 0 ? option : fmt::format("{},turn={}", option, request.icount_turn);
}

void add(std::vector<std::string> &argv, std::string option, std::string value)
{
    argv.push_back(std::move(option));
    argv.push_back(std::move(value));
}

} // namespace

std::uint64_t measured_tsc_khz()
{
    std::array<std::uint64_t, 3> measured{};
    std::generate(measured.begin(), measured.end(), one_measurement);
    std::sort(measured.begin(), measured.end());
    return measured[1];
}

std::string kernel_command_line(const MachineRequest &request, const QemuSetup &setup)
{
    // panic=-1 restarts at once after a panic, which -no-reboot makes QEMU's end. The log level lets warnings
    // through to the console, where they are looked for.
    std::string line = "console=ttyS0 panic=-1 loglevel=7";
    if (!setup.kvm && request.trusted_clock) {
        // An emulated timer is too coarse to calibrate the TSC with on a busy host; a kernel that fails at it
        // falls back to jiffies, and nohz_full does not work without a stable clock.
        // The test of the 8254's interrupt fails there too, and panics.
        line += " tsc=reliable no_timer_check";
        if (const auto khz = tsc_khz(request, setup); khz != 0)
            line += fmt::format(" tsc_early_khz={}", khz);
    }
    if (!request.append.empty())
        line += " " + request.append;
    return line;
}

std::vector<std::string> machine_arguments(const MachineRequest &request, const QemuSetup &setup,
                                           const std::string &console)
{
    std::vector<std::string> argv{setup.qemu.string(), "-nodefaults", "-no-user-config"};
    for (const auto &folder : setup.firmware)
        add(argv, "-L", folder.string());
    // Executed by a descriptor, it would be called by that descriptor's number.
    add(argv, "-name", "process=qemu-system-x86");
    // No system call for what an emulator of this machine never does.
    add(argv, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    add(argv, "-display", "none");
    add(argv, "-machine", "pc");
    add(argv, "-accel", setup.kvm ? "kvm" : request.icount ? "tcg,thread=single" : "tcg,thread=multi");
    if (request.icount)
        add(argv, "-icount", icount_option(request));
    add(argv, "-cpu", cpu_model(request, setup));
    // One CPU a socket: the firmware's MP table, all that a kernel without ACPI knows, lists one CPU of each.
    add(argv, "-smp", fmt::format("{0},sockets={0},cores=1,threads=1", request.cpus));
    add(argv, "-m", fmt::format("{}M", request.memory_mib));
    add(argv, "-chardev", console + ",id=console");
    add(argv, "-serial", "chardev:console");
    add(argv, "-chardev", fmt::format("socket,id=line,fd={}", line_descriptor));
    add(argv, "-serial", "chardev:line");
    return argv;
}

std::vector<std::string> qemu_arguments(const MachineRequest &request, const QemuSetup &setup)
{
    auto argv = machine_arguments(request, setup, "file,path=/dev/fdset/1");
    argv.emplace_back("-no-reboot");
    add(argv, "-kernel", request.kernel.string());
    add(argv, "-initrd", setup.initrd.string());
    add(argv, "-append", kernel_command_line(request, setup));
    add(argv, "-add-fd", fmt::format("fd={},set=1", console_descriptor));
    return argv;
}

} // namespace krun
