// SPDX-License-Identifier: MIT
// See boot_gate.hpp.
#include "package/boot_gate.hpp"

#include <fmt/format.h>

#include "machine/virtual_machine.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr unsigned boot_timeout_seconds = 300;

// The unpacked package; gone when this is.
class Unpacked
{
  public:
    Unpacked(Filesystem &files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}
    Unpacked(const Unpacked &) = delete;
    Unpacked &operator=(const Unpacked &) = delete;
    ~Unpacked() { static_cast<void>(files_.remove_all(folder_)); }

    Result<std::filesystem::path> kernel(ProcessRunner &runner, const std::filesystem::path &deb)
    {
        if (auto removed = files_.remove_all(folder_); !removed)
            return tl::unexpected(removed.error());
        if (auto made = files_.make_directories(folder_); !made)
            return tl::unexpected(made.error());
        Command command;
        command.argv = {"dpkg-deb", "--extract", deb.string(), folder_.string()};
        if (const auto unpacked = runner.run_ok(command); !unpacked)
            return tl::unexpected(unpacked.error());
        for (const auto &name : files_.list(folder_ / "boot").value_or(std::vector<std::string>{})) {
            if (name.rfind("vmlinuz-", 0) == 0)
                return folder_ / "boot" / name;
        }
        return failure(fmt::format("no kernel in {}", deb.string()));
    }

  private:
    Filesystem &files_;
    std::filesystem::path folder_;
};

} // namespace

Result<GateResult> boot_gate(ProcessRunner &runner, Filesystem &files, const std::filesystem::path &image_deb)
{
    const auto folder = cache_directory() / "gate";
    if (auto made = files.make_directories(folder); !made)
        return tl::unexpected(made.error());
    const auto lock = FileLock::acquire(folder / "lock", "a boot gate");
    if (!lock)
        return tl::unexpected(lock.error());
    Unpacked unpacked(files, folder / "package");
    const auto kernel = unpacked.kernel(runner, image_deb);
    if (!kernel)
        return tl::unexpected(kernel.error());
    const auto release = kernel->filename().string().substr(std::string("vmlinuz-").size());

    MachineRequest request;
    request.kernel = *kernel;
    request.command = {"uname", "-r"};
    request.timeout_seconds = boot_timeout_seconds;
    std::string output;
    request.on_output = [&](const std::string &piece) { output += piece; };
    request.on_errors = [](const std::string &) {};
    const auto machine = run_machine(runner, files, request);
    if (!machine)
        return tl::unexpected(machine.error());

    GateResult result;
    const bool right = machine->status == 0 && trim(output) == release;
    result.passed = right && machine->kernel_problems.empty();
    if (result.passed)
        result.detail = fmt::format("{} boots in the testbed", release);
    else if (!right)
        result.detail = fmt::format("`uname -r` in the guest said `{}` (status {})", trim(output), machine->status);
    else
        result.detail = "the kernel complained: " + machine->kernel_problems.front();
    if (!result.passed)
        result.detail += fmt::format("; its console is in {}", machine->console_log.string());
    return result;
}

} // namespace krun
