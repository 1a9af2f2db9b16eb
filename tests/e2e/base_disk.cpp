// SPDX-License-Identifier: MIT
// Making the base disk; see base_disk.hpp.
//
// Theory: testbed/disk/make-disk makes partitions and file systems, but a boot loader is installed best by the system
// that it is to boot. So the disk's own kernel is booted once, directly, and runs grub-install.
#include "base_disk.hpp"

#include <fmt/format.h>

#include "disk_machine.hpp"
#include "self/krunctl.hpp"
#include "source/apt_settings.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/terminal.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

// To be counted up when something in this file changes the disk.
constexpr int recipe = 3;
const std::vector<std::string> suites{"bookworm", "bookworm-updates", "bookworm-security"};

// What an emulated machine needs is said in tool/machine/qemu_arguments.cpp; the rate of its TSC is in CPUID.
// Page-table isolation and its like are left out: emulated, they double the time of a boot.
constexpr const char *kernel_arguments = "console=ttyS0 mitigations=off tsc=reliable no_timer_check";

std::string grub_settings()
{
    return fmt::format("GRUB_TIMEOUT=1\n"
                       "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n"
                       "GRUB_CMDLINE_LINUX=\"{}\"\n"
                       "GRUB_TERMINAL=serial\n"
                       "GRUB_SERIAL_COMMAND=\"serial --unit=0 --speed=115200\"\n",
                       kernel_arguments);
}

Result<void> install_boot_loader(const TestbedQemu &qemu, const fs::path &work)
{
    DiskMachineSetup setup;
    setup.qemu = qemu;
    setup.disk = work / "disk.raw";
    setup.disk_format = "raw";
    setup.console_log = work / "console.log";
    setup.direct =
        DirectKernel{work / "vmlinuz", work / "initrd.img", fmt::format("root=/dev/vda2 ro {}", kernel_arguments)};
    try {
        Transcript transcript("base disk", work / "transcript.log");
        DiskMachine machine(setup, transcript);
        machine.power_on();
        machine.must("grub-install /dev/vda 2>&1");
        machine.must("cat >/etc/default/grub.d/testbed.cfg <<'END'\n" + grub_settings() + "END\nupdate-grub 2>&1");
        machine.shut_down();
    } catch (const std::runtime_error &error) {
        return failure(error.what());
    }
    return {};
}

Result<void> make(const Env &env, const TestbedQemu &qemu, const fs::path &work)
{
    say("the end-to-end test's disk is not in the cache yet: making it, once, takes some minutes");
    const auto mirrors = find_apt_mirrors(env);
    if (!mirrors)
        return tl::unexpected<Error>(mirrors.error());
    const auto sources = sources_for(*mirrors, suites, "deb");
    if (!sources)
        return tl::unexpected<Error>(sources.error());
    if (auto made = env.files.remove_all(work).and_then([&] { return env.files.make_directories(work); }).and_then([&] {
            return env.files.write(work / "disk.sources", *sources);
        });
        !made)
        return made;
    Command command;
    command.argv = {(data_directory() / "testbed/disk/make-disk").string(), (work / "disk.sources").string(),
                    work.string()};
    command.log = cache_directory() / "logs/make-disk.log";
    if (const auto made = env.runner.run_ok(command); !made)
        return tl::unexpected<Error>(made.error());
    return install_boot_loader(qemu, work);
}

} // namespace

Result<fs::path> base_disk(const Env &env, const TestbedQemu &qemu)
{
    const auto hash = sha256_of_tree(env.runner, data_directory() / "testbed/disk");
    if (!hash)
        return tl::unexpected<Error>(hash.error());
    const fs::path all = cache_directory() / "disk";
    const fs::path folder = all / fmt::format("{}-{}", hash->substr(0, 16), recipe);
    const fs::path work = all / "work";
    if (auto made = env.files.make_directories(all); !made)
        return tl::unexpected<Error>(made.error());
    const auto lock = FileLock::acquire(all / "lock", "the end-to-end test's disk");
    if (!lock)
        return tl::unexpected<Error>(lock.error());
    if (env.files.exists(folder))
        return folder / "disk.raw";
    if (auto made = make(env, qemu, work); !made)
        return tl::unexpected<Error>(made.error());
    // An older one takes a gigabyte, and nobody asks for it again.
    if (const auto names = env.files.list(all)) {
        for (const std::string &name : *names) {
            if (name != "work" && name != "lock")
                std::ignore = env.files.remove_all(all / name);
        }
    }
    return env.files.rename(work, folder).map([&] { return folder / "disk.raw"; });
}

} // namespace krun
