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

} // namespace krun
