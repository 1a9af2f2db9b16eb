// SPDX-License-Identifier: MIT
// See fuzzer.hpp.
#include "cases/fuzzer.hpp"

#include <charconv>

#include <fmt/format.h>

#include "self/krunctl.hpp"

namespace krun
{

namespace
{

constexpr unsigned seconds_to_boot_and_end = 300; // such a kernel is slow

Result<std::filesystem::path> build_fuzzer(const Case &one)
{
    const auto output = cache_directory() / "fuzz";
    TRY(one.files.make_directories(output));
    Command make;
    make.argv = {"make", "-C", (clone_directory() / "tests/kernel/fuzz").string(), "OUT=" + output.string()};
    make.log = one.log;
    TRY(one.runner.run_ok(make));
    return output / "krun_fuzz";
}

} // namespace

Result<unsigned> seconds_of_fuzzing(const Case &one)
{
    unsigned seconds = 0;
    const std::string text = one.arguments.empty() ? "" : one.arguments.front();
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (seconds == 0)
        return failure("for how many seconds?");
    return seconds;
}

MachineRequest checking_guest(const std::filesystem::path &kernel, unsigned seconds)
{
    MachineRequest guest = test_guest(kernel);
    guest.cpus = 4;
    guest.memory_mib = 2048;
    guest.timeout_seconds = seconds + seconds_to_boot_and_end;
    return guest;
}

Result<MachineRequest> fuzzing_guest(const Case &one, const std::filesystem::path &kernel, const std::string &wrapper,
                                     unsigned seconds)
{
    const auto fuzzer = TRY(build_fuzzer(one));
    MachineRequest guest = checking_guest(kernel, seconds);
    guest.copy_in = {{fuzzer, "/krun_fuzz"}};
    guest.command = {"/krun_fuzz", fmt::format("{}", one.seed), fmt::format("{}", seconds)};
    if (!wrapper.empty()) {
        guest.copy_in.push_back({clone_directory() / "tests/kernel/fuzz" / wrapper, "/" + wrapper});
        guest.command.insert(guest.command.begin(), "/" + wrapper);
    }
    return guest;
}

} // namespace krun
