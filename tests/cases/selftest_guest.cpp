// SPDX-License-Identifier: MIT
// See selftest_guest.hpp.
#include "cases/selftest_guest.hpp"

#include "cases/fuzzer.hpp"
#include "util/paths.hpp"

namespace krun
{

namespace
{

constexpr unsigned seconds_of_checking_selftest = 600;
constexpr unsigned seconds_of_long_selftest = 850; // suspends, many CPUs

} // namespace

MachineRequest guest_of_selftest(const Case &one, const std::filesystem::path &kernel, const std::string &config,
                                 const std::string &name)
{
    auto guest = selftest_guest(kernel, cache_directory() / "selftests" / one.line / name);
    if (config == "disk")
        guest.timeout_seconds = seconds_of_long_selftest;
    if (config == "debug" || config == "kcsan") {
        const auto base = checking_guest(kernel, seconds_of_checking_selftest);
        guest.cpus = base.cpus;
        guest.memory_mib = base.memory_mib;
        guest.timeout_seconds = base.timeout_seconds;
    }
    return guest;
}

Result<std::filesystem::path> build_version1(const Case &one)
{
    auto output = cache_directory() / "version1";
    if (const auto made = one.files.make_directories(output); !made)
        return tl::unexpected(made.error());
    Command make;
    make.argv = {"make", "-C", (clone_directory() / "tests/kernel/version1").string(), "OUT=" + output.string()};
    make.log = one.log;
    if (const auto built = one.runner.run_ok(make); !built)
        return tl::unexpected(built.error());
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

} // namespace krun
