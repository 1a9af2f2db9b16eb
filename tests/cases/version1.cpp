// SPDX-License-Identifier: MIT
// See version1.hpp.
#include "cases/version1.hpp"

#include "self/krunctl.hpp"

namespace krun
{

Result<std::filesystem::path> build_version1(const Case &one)
{
    auto output = cache_directory() / "version1";
    TRY(one.files.make_directories(output));
    Command make;
    make.argv = {"make", "-C", (clone_directory() / "tests/kernel/version1").string(), "OUT=" + output.string()};
    make.log = one.log;
    TRY(one.runner.run_ok(make));
    return output;
}

MachineRequest guest_of_version1(const std::filesystem::path &kernel, const std::filesystem::path &program)
{
    const auto name = "/" + program.filename().string();
    auto guest = test_guest(kernel);
    guest.copy_in = {{program, name}};
    guest.command = {name};
    return guest;
}

Result<CaseResult> run_version1_case(const Case &one)
{
    const auto kernel = built_kernel(one, one.arguments.empty() ? "disk" : one.arguments.front());
    if (!kernel)
        return not_run(kernel.error().message);
    const auto programs = TRY(build_version1(one));
    CaseInputs inputs;
    for (const auto &name : version1_programs)
        inputs.add_guest(guest_of_version1(kernel->folder / "vmlinuz", programs / name));
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        for (const auto &name : version1_programs) {
            const auto tap =
                run_tap_in_guest(one, name, guest_of_version1(kernel->folder / "vmlinuz", programs / name));
            if (!tap)
                return tl::unexpected(tap.error());
            result.tally += *tap;
        }
        return result;
    });
}

} // namespace krun
