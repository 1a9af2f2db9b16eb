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
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::string_view start_of_kernel = "vmlinuz-";
// The modules are most of a package, and nobody looks at them.
constexpr const char *unpack_script = R"(dpkg-deb --fsys-tarfile "$1" | tar --extract --directory="$2" \
    --no-same-owner --no-same-permissions --exclude=./lib --exclude=./usr/lib/modules)";

// The unpacked package; gone when this is.
class Unpacked
{
  public:
    Unpacked(Filesystem &files, fs::path folder) : files_(files), folder_(std::move(folder)) {}
    Unpacked(const Unpacked &) = delete;
    Unpacked &operator=(const Unpacked &) = delete;
    ~Unpacked() { static_cast<void>(files_.remove_all(folder_)); }

    Result<fs::path> kernel(ProcessRunner &runner, const fs::path &deb)
    {
        TRY(files_.remove_all(folder_));
        TRY(files_.make_private_folder(folder_));
        Command command;
        command.argv = {"sh", "-c", unpack_script, "sh", deb.string(), folder_.string()};
        TRY(runner.run_ok(command));
        for (const auto &name : names_in("boot")) {
            if (name.starts_with(start_of_kernel) && is_release(name.substr(start_of_kernel.size())) &&
                is_plain_file(fs::path("boot") / name))
                return folder_ / "boot" / name;
        }
        return failure(fmt::format("no kernel in {}", deb.string()));
    }
    [[nodiscard]] static fs::path selftests(const std::string &release)
    {
        return fs::path("usr/lib/krun") / release / "selftests";
    }
    [[nodiscard]] std::vector<std::string> names_in(const fs::path &relative) const
    {
        return leads_through_link(relative) ? std::vector<std::string>()
                                            : files_.list(folder_ / relative).value_or(std::vector<std::string>());
    }
    [[nodiscard]] bool is_plain_file(const fs::path &relative) const
    {
        std::error_code ignored;
        return !leads_through_link(relative) && fs::is_regular_file(folder_ / relative, ignored);
    }
    [[nodiscard]] fs::path path(const fs::path &relative) const { return folder_ / relative; }

  private:
    [[nodiscard]] bool leads_through_link(const fs::path &relative) const
    {
        return !link_on_the_way(files_, folder_, relative).empty();
    }

    Filesystem &files_;
    fs::path folder_;
};

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

Result<Tally> run_all(const GuestHost &host, const Unpacked &package, const fs::path &kernel,
                      const std::string &release)
{
    Tally tally;
    auto guest = test_guest(kernel);
    guest.command = {"/bin/sh", "-c", fmt::format("test \"$(uname -r)\" = {}", shell_quoted(release))};
    TRY(count(tally, "uname -r", run_program_in_guest(host, "uname -r", guest)));
    if (tally.failed != 0) // every other guest would end in the same way
        return tally;
    const auto folder = Unpacked::selftests(release);
    const auto names = package.names_in(folder);
    if (names.empty())
        tally.fail("the package has no selftests: `krunctl build --package` of this version adds them");
    for (const auto &name : names) {
        const auto elf = package.is_plain_file(folder / name) ? read_elf(package.path(folder / name)) : std::nullopt;
        if (!elf || !elf->interpreter.empty() || !elf->needed.empty()) {
            tally.fail(fmt::format("{}: not a static program, which a selftest in a package is", name));
            continue;
        }
        say(fmt::format("the boot gate: {}", name));
        if (auto counted =
                count(tally, name, run_tap_in_guest(host, name, selftest_guest(kernel, package.path(folder / name))));
            !counted)
            return tl::unexpected(counted.error());
    }
    return tally;
}

} // namespace

Result<GateResult> boot_gate(const Env &env, const fs::path &image_deb)
{
    const auto folder = cache_directory() / "gate";
    TRY(env.files.make_directories(folder));
    const auto lock = TRY(FileLock::acquire(folder / "lock", "a boot gate"));
    Unpacked package(env.files, folder / "package");
    const auto kernel = TRY(package.kernel(env.runner, image_deb));
    const auto release = kernel.filename().string().substr(start_of_kernel.size());
    const auto log = cache_directory() / fmt::format("logs/gate-{}.log", release);
    TRY(env.files.make_directories(log.parent_path()));
    TRY(env.files.write(log, ""));

    const auto tally = TRY(run_all({env, log}, package, kernel, release));
    GateResult result;
    result.passed = tally.failed == 0 && tally.passed != 0;
    result.tests_passed = tally.passed;
    result.tests_failed = tally.failed;
    result.failures = tally.failures;
    result.detail = fmt::format("{} in the testbed (emulated): {}", release, summary(tally));
    if (!result.passed)
        result.detail +=
            fmt::format("; {} ({})", tally.failures.empty() ? "" : lines_of(tally.failures.front())[0], log.string());
    return result;
}

} // namespace krun
