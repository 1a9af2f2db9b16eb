// SPDX-License-Identifier: MIT
// The guest's initramfs; see guest_image.hpp.
#include "machine/guest_image.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <sys/stat.h>

#include "machine/console_log.hpp"
#include "machine/elf_dependencies.hpp"
#include "machine/frame_decoder.hpp"
#include "machine/testbed_qemu.hpp"
#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// Increment when the contents of the base archive change in a way that its key does not show.
constexpr int base_recipe = 3;

constexpr std::uintmax_t guest_mebibyte = std::uintmax_t{1} << 20;
// Measured with our own kernel, the smallest: what just fits must not be refused.
constexpr std::uintmax_t base_unpacked = 9 * guest_mebibyte;
constexpr std::uintmax_t base_packed = 4 * guest_mebibyte;
constexpr std::uintmax_t memory_of_kernel = 16 * guest_mebibyte;
// What is recommended is enough for others too, in MiB.
constexpr unsigned memory_to_spare = 32;
constexpr unsigned memory_step = 64;

constexpr const char *passwd = "root:x:0:0:root:/root:/bin/sh\n"
                               "nobody:x:65534:65534:nobody:/tmp:/bin/sh\n";
constexpr const char *group = "root:x:0:\ntty:x:5:\nkruncounters:x:900:\nnogroup:x:65534:\n";

struct BaseParts {
    fs::path init;
    fs::path krunctl;
    fs::path busybox;
};

// Size and time represent the contents: hashing them would take longer than the rest of a warm start.
std::string file_identity(const fs::path &file)
{
    struct stat status = {};
    if (stat(file.c_str(), &status) != 0)
        return "none";
    return fmt::format("{} {} {} {}.{}", file.string(), status.st_ino, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
}

Result<void> link_applets(ProcessRunner &runner, GuestStaging &staging, const fs::path &busybox)
{
    Command list;
    list.argv = {busybox.string(), "--list"};
    const auto listed = TRY(runner.run_ok(list));
    for (const std::string &applet : lines_of(listed.output)) {
        if (!applet.empty() && applet != "busybox")
            TRY(staging.link(fs::path("usr/bin") / applet, "busybox"));
    }
    return {};
}

// Debug information would only cost the guest memory; without strip(1) it stays.
Result<fs::path> stripped_krunctl(ProcessRunner &runner, const BaseParts &parts, const fs::path &folder)
{
    if (!program_on_path("strip"))
        return parts.krunctl;
    const fs::path target = folder / "krunctl";
    Command strip;
    strip.argv = {"strip", "-o", target.string(), parts.krunctl.string()};
    TRY(runner.run_ok(strip));
    return target;
}

Result<void> fill_base(ProcessRunner &runner, GuestStaging &staging, const BaseParts &parts, const fs::path &folder)
{
    constexpr std::array<std::string_view, 10> folders{"usr/bin", "usr/lib", "usr/lib64", "proc", "sys",
                                                       "dev",     "etc",     "root",      "run",  "krun"};
    for (const auto name : folders)
        TRY(staging.make_folder(name, 0755));
    TRY(staging.make_folder("tmp", 01777));
    TRY(staging.link_other_names());
    const auto krunctl = TRY(stripped_krunctl(runner, parts, folder));
    TRY(staging.copy_in({krunctl, "/usr/bin/krunctl"}));
    TRY(staging.copy_in({parts.busybox, "/usr/bin/busybox"}));
    TRY(staging.copy_in({parts.init, "/usr/bin/krun-init"}));
    TRY(staging.link("init", "usr/bin/krun-init"));
    TRY(link_applets(runner, staging, parts.busybox));
    TRY(staging.write("etc/passwd", passwd));
    return staging.write("etc/group", group);
}

// The files of the base archive, with the libraries of a krunctl that is not static.
Result<std::string> identity_of(ProcessRunner &runner, const BaseParts &parts)
{
    std::string text = fmt::format("{}\n", base_recipe);
    for (const auto &part : {parts.init, parts.krunctl, parts.busybox})
        text += file_identity(part) + "\n";
    LibrarySearch search(runner, [](const fs::path &) { return std::nullopt; });
    const auto libraries = TRY(search.needed_by({parts.krunctl, "/usr/bin/krunctl"}));
    for (const auto &library : libraries)
        text += file_identity(library.host) + "\n";
    return text;
}

Result<fs::path> base_archive(const Env &env, const fs::path &work)
{
    const auto init = TRY(private_program(env.files, "krun-init"));
    const auto busybox = TRY(guest_busybox(env));
    const BaseParts parts{init, own_executable(), busybox};
    const auto identity = TRY(identity_of(env.runner, parts));
    const auto key = TRY(sha256_of_text(env.runner, identity));
    const fs::path folder = cache_directory() / "guest";
    const fs::path archive = folder / fmt::format("base-{}.cpio.gz", key.substr(0, 16));
    if (env.files.exists(archive))
        return archive;
    const fs::path root = work / "base";
    TRY(env.files.make_directories(root));
    GuestStaging staging(env, root);
    const fs::path fresh = work / "base.cpio.gz";
    TRY(fill_base(env.runner, staging, parts, work));
    TRY(staging.add_libraries());
    TRY(staging.pack(fresh));
    TRY(env.files.rename(fresh, archive));
    // Each rebuild of krunctl makes a new one.
    for (const std::string &name : env.files.list(folder).value_or(std::vector<std::string>())) {
        if (name.starts_with("base-") && folder / name != archive)
            std::ignore = env.files.remove_all(folder / name);
    }
    return archive;
}

// A kernel of ours comes with its configuration, which programs look for in /boot as on an installed system.
Result<void> add_kernel_config(Filesystem &files, GuestStaging &staging, const fs::path &kernel)
{
    const fs::path config = kernel.parent_path() / "config";
    if (!files.exists(config) || !files.exists(kernel.parent_path() / "metadata.json"))
        return {};
    const auto release = TRY(kernel_release(kernel));
    return staging.copy_in({config, "/boot/config-" + release});
}

// The most that memory_for_files() grants so much for, if it did not shrink in the archive at all or to nothing.
std::uintmax_t room_for_files(unsigned memory_mib)
{
    const auto memory = memory_mib * guest_mebibyte;
    const auto taken = 2 * base_unpacked + base_packed + memory_of_kernel;
    return memory > taken ? (memory - taken) / 2 : 0;
}

Result<void> expect_room(const MachineRequest &request, std::uintmax_t unpacked, std::uintmax_t packed)
{
    const auto needed = memory_for_files(unpacked, packed);
    if (request.copy_in.empty() || needed <= request.memory_mib)
        return {};
    return usage_error(
        fmt::format("the guest is too small for what is copied in: {} MiB of files do not fit in {} MiB "
                    "of memory",
                    (unpacked + guest_mebibyte - 1) / guest_mebibyte, request.memory_mib),
        fmt::format("--memory {} would do", (needed + memory_to_spare + memory_step - 1) / memory_step * memory_step));
}

// NAME=value for the command: the folders of its LD_LIBRARY_PATH.
std::vector<std::string> library_path_of(const MachineRequest &request)
{
    constexpr std::string_view name = "LD_LIBRARY_PATH=";
    std::vector<std::string> folders;
    for (std::string entry : request.environment) {
        std::replace(entry.begin(), entry.end(), ';', ':');
        if (entry.starts_with(name))
            folders = split(entry.substr(name.size()), ':');
    }
    return folders;
}

// The kernel unpacks one archive after the other; what comes later wins.
Result<void> concatenate(const std::vector<fs::path> &parts, const fs::path &target)
{
    std::ofstream whole(target, std::ios::binary | std::ios::trunc);
    for (const fs::path &part : parts) {
        std::ifstream stream(part, std::ios::binary);
        whole << stream.rdbuf();
    }
    whole.close();
    if (!whole)
        return system_failure("write", target, errno);
    return {};
}

} // namespace

Result<fs::path> guest_busybox(const Env &env)
{
    const fs::path folder = cache_directory() / "guest/busybox-static";
    const std::array candidates = {folder / "bin/busybox", folder / "usr/bin/busybox"};
    const auto found = [&] { return std::ranges::find_if(candidates, [&](auto &at) { return env.files.exists(at); }); };
    // Look in the cache first, so that no network is needed once it is there.
    if (const auto *cached = found(); cached != candidates.end())
        return *cached;
    AptArchive archive(env, cache_directory() / "apt");
    const auto deb = TRY(archive.download("busybox-static", testbed_suites));
    TRY(archive.unpack({deb}, folder));
    if (const auto *unpacked = found(); unpacked != candidates.end())
        return *unpacked;
    return failure(fmt::format("{} contains no busybox", deb.string()));
}

std::vector<std::pair<std::string, std::string>> task_files(const MachineRequest &request, GuestInput input)
{
    const auto terminated = [](const std::vector<std::string> &strings) {
        std::string text;
        for (const std::string &entry : strings)
            text.append(entry).push_back('\0');
        return text;
    };
    const char *mode = input == GuestInput::none   ? KRUN_GUEST_MODE_QUIET
                       : input == GuestInput::pipe ? KRUN_GUEST_MODE_PIPE
                                                   : KRUN_GUEST_MODE_TERMINAL;
    const auto relative = [](std::string_view name) { return std::string(name.substr(1)); };
    return {{relative(KRUN_GUEST_COMMAND_FILE), terminated(request.command)},
            {relative(KRUN_GUEST_ENVIRONMENT_FILE), terminated(request.environment)},
            {relative(KRUN_GUEST_MODE_FILE), mode}};
}

unsigned memory_for_files(std::uintmax_t unpacked, std::uintmax_t packed)
{
    const auto bytes = 2 * (base_unpacked + unpacked) + base_packed + packed + memory_of_kernel;
    return static_cast<unsigned>((bytes + guest_mebibyte - 1) / guest_mebibyte);
}

Result<GuestFiles> gather_guest_files(const Env &env, const MachineRequest &request)
{
    TRY(check_machine_size(request));
    auto folder = TRY(make_run_folder(env.files));
    const fs::path root = folder.path() / "run";
    TRY(env.files.make_directories(root));
    GuestFiles gathered{std::move(folder), GuestStaging(env, root)};
    auto &staging = gathered.staging;
    staging.limit(room_for_files(request.memory_mib));
    for (const GuestFile &file : request.copy_in)
        TRY(staging.copy_in(file));
    TRY(staging.add_libraries(library_path_of(request)));
    // How much it shrinks in the archive is not known yet.
    TRY(expect_room(request, staging.bytes(), 0));
    return gathered;
}

Result<fs::path> make_guest_image(const Env &env, const MachineRequest &request, GuestInput input, GuestFiles &gathered)
{
    const fs::path folder = gathered.folder.path();
    auto &staging = gathered.staging;
    const fs::path own = folder / "run.cpio.gz";
    for (const auto &[name, text] : task_files(request, input))
        TRY(staging.write(name, text));
    TRY(add_kernel_config(env.files, staging, request.kernel));
    TRY(staging.pack(own));
    TRY(expect_room(request, staging.bytes(), env.files.size_of(own)));

    const auto lock = TRY(FileLock::acquire(cache_directory() / "guest/lock", "the guest's image"));
    const auto base = TRY(base_archive(env, folder));
    const fs::path initrd = folder / "initrd";
    TRY(concatenate({base, own}, initrd));
    return initrd;
}

} // namespace krun
