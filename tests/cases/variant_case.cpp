// SPDX-License-Identifier: MIT
// Kernels whose overlay is changed by a patch of tests/kernel/variants: one with a fault that was ours once, whose
// selftest must fail, or one that is to come, on which a program of today must work.
//
// Theory: a test proves something if it fails without what it tests. The faults are kept as patches, and not as
// commits of the past, because the tests ask for an interface that those did not have.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cases/altered_kernel.hpp"
#include "cases/case.hpp"
#include "cases/variant.hpp"
#include "cases/version1.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

fs::path patch_of(const std::string &name) { return clone_directory() / "tests/kernel/variants" / (name + ".patch"); }

Result<Variant> read_variant(const Case &one, const fs::path &patch)
{
    const auto text = TRY(one.files.read(patch));
    auto variant = parse_variant(text);
    if (!variant)
        return failure(
            fmt::format("{} does not say which kernel it is of, and which tests fail or pass", patch.string()));
    return *variant;
}

// Return: the kernel.
Result<fs::path> build_variant(const Case &one, const fs::path &fault, const Variant &variant)
{
    const auto built = build_altered_kernel(one, "variant", variant.config, [&](const fs::path &kernel) {
        Command patch;
        patch.argv = {"patch", "-p1", "--silent", "-d", kernel.string(), "-i", fault.string()};
        patch.log = one.log;
        return one.runner.run_ok(patch).map([](const auto &) {});
    });
    if (!built)
        return tl::unexpected(built.error());
    return built->folder / "vmlinuz";
}

// Those that find the fault, and no others: a test that fails by itself proves nothing. Nor does a guest that dies or
// hangs.
Result<void> expect_failures(const Case &one, const Variant &variant, const MachineRequest &guest, Tally &tally)
{
    const auto run = TRY(run_guest(one, guest));
    const auto failed = failed_tests(run.output);
    if (failed == variant.failing)
        tally.pass(variant.selftest + " finds the fault");
    else
        tally.fail(fmt::format("{}: these are to fail: {}; these did: {}", variant.selftest,
                               fmt::join(variant.failing, ", "), fmt::join(failed, ", ")));
    return {};
}

} // namespace

Result<CaseResult> run_variant_case(const Case &one)
{
    if (one.arguments.empty())
        return failure("a variant's name is wanted");
    const auto patch = patch_of(one.arguments.front());
    const auto variant = TRY(read_variant(one, patch));
    return in_time(one, [&]() -> Result<CaseResult> {
        const auto kernel = TRY(build_variant(one, patch, variant));
        CaseResult result;
        if (!variant.failing.empty()) {
            const auto guest = guest_of_selftest(one, kernel, variant.config, variant.selftest);
            TRY(expect_failures(one, variant, guest, result.tally));
            return result;
        }
        const auto programs = TRY(build_version1(one));
        for (const auto &name : variant.passing) {
            const auto tap = TRY(run_tap_in_guest(one, name, guest_of_version1(kernel, programs / name)));
            result.tally += tap;
        }
        return result;
    });
}

} // namespace krun
