// SPDX-License-Identifier: MIT
// Theory: the package may be anybody's, and it is unpacked as root. So it gets a folder that nobody else can enter,
// without the owners and permissions it asks for; of what came out, only regular files are read, never through a link;
// and what is a program runs in the guest alone, which takes static ones, for which the host's libraries are not asked.
#include "install/boot_gate.hpp"

#include <fmt/format.h>

#include "install/kernel_package.hpp"
#include "machine/elf_dependencies.hpp"
#include "machine/guest_run.hpp"
#include "self/krunctl.hpp"
#include "util/file_lock.hpp"
#include "util/scratch_folder.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

const std::string start_of_kernel = "vmlinuz-";
// The modules are most of a package, and nobody looks at them.
constexpr const char *unpack_script = R"(dpkg-deb --fsys-tarfile "$1" | tar --extract --directory="$2" \
    --no-same-owner --no-same-permissions --exclude=./lib --exclude=./usr/lib/modules)";

// The folder of an unpacked package.
struct Unpacked {
    Filesystem &files;
    fs::path folder;

    [[nodiscard]] bool leads_through_link(const fs::path &relative) const
    {
        return !link_on_the_way(files, folder, relative).empty();
    }
    [[nodiscard]] std::vector<std::string> names_in(const fs::path &relative) const
    {
        return leads_through_link(relative) ? std::vector<std::string>()
                                            : files.list(folder / relative).value_or(std::vector<std::string>());
    }
    [[nodiscard]] bool is_plain_file(const fs::path &relative) const
    {
        std::error_code ignored;
        return !leads_through_link(relative) && fs::is_regular_file(folder / relative, ignored);
    }
};

Result<std::string> release_in(const Unpacked &package, const fs::path &deb)
{
    for (const auto &name : package.names_in("boot")) {
        if (name.starts_with(start_of_kernel) && is_release(name.substr(start_of_kernel.size())) &&
            package.is_plain_file(fs::path("boot") / name))
            return name.substr(start_of_kernel.size());
    }
    return failure(fmt::format("no kernel in {}", deb.string()));
}

// A guest that hangs or dies is a verdict on the kernel; Ctrl-C is not.
Result<void> count(Tally &tally, const std::string &name, const Result<Tally> &one)
{
    if (one)
        tally += *one;
    else if (one.error().code == ExitCode::interrupted || one.error().code == ExitCode::host_lacks)
        return tl::unexpected(one.error());
    else
        tally.fail(fmt::format("{}: {}", name, one.error().message));
    return {};
}

Result<Tally> run_all(const GuestHost &host, const Unpacked &package, const std::string &release)
{
    Tally tally;
    const auto kernel = package.folder / "boot" / (start_of_kernel + release);
    auto guest = test_guest(kernel);
    guest.command = {"/bin/sh", "-c", fmt::format("test \"$(uname -r)\" = {}", shell_quoted(release))};
    TRY(count(tally, "uname -r", run_program_in_guest(host, "uname -r", guest)));
    if (tally.failed != 0) // every other guest would end in the same way
        return tally;
    const auto folder = fs::path("usr/lib/krun") / release / "selftests";
    const auto names = package.names_in(folder);
    if (names.empty())
        tally.fail("the package has no selftests: `krunctl build --package` of this version adds them");
    for (const auto &name : names) {
        const auto program = package.folder / folder / name;
        const auto elf = package.is_plain_file(folder / name) ? read_elf(program) : std::nullopt;
        if (!elf || !elf->interpreter.empty() || !elf->needed.empty()) {
            tally.fail(fmt::format("{}: not a static program, which a selftest in a package is", name));
            continue;
        }
        say(fmt::format("the boot gate: {}", name));
        TRY(count(tally, name, run_tap_in_guest(host, name, selftest_guest(kernel, program))));
    }
    return tally;
}

} // namespace

Result<GateResult> boot_gate(const Env &env, const fs::path &image_deb)
{
    const auto lock = TRY(FileLock::acquire(cache_directory() / "gate/lock", "a boot gate"));
    const auto scratch = TRY(ScratchFolder::make(env.files, cache_directory() / "run", "gate"));
    const Unpacked package{env.files, scratch.path() / "package"};
    TRY(env.files.make_directories(package.folder));
    TRY(env.runner.run_ok({.argv = {"sh", "-c", unpack_script, "sh", image_deb.string(), package.folder.string()}}));
    const auto release = TRY(release_in(package, image_deb));
    const auto log = cache_directory() / fmt::format("logs/gate-{}.log", release);
    TRY(env.files.make_directories(log.parent_path()));
    TRY(env.files.write(log, ""));

    const auto tally = TRY(run_all({env, log}, package, release));
    GateResult result{tally.failed == 0 && tally.passed != 0, tally.passed, tally.failed, tally.failures, {}};
    result.detail = fmt::format("{} in the testbed (emulated): {}", release, summary(tally));
    if (!result.passed)
        result.detail +=
            fmt::format("; {} ({})", tally.failures.empty() ? "" : lines_of(tally.failures.front())[0], log.string());
    return result;
}

} // namespace krun
