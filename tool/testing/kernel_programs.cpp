// SPDX-License-Identifier: MIT
#include "testing/kernel_programs.hpp"

#include <fmt/format.h>

#include "build/selftests.hpp"
#include "util/paths.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

Result<void> make(TierContext &context, const fs::path &folder, const std::string &setting)
{
    Command command;
    command.argv = {"make", "-C", folder.string(), setting};
    command.log = context.log;
    const auto made = context.runner.run_ok(command);
    if (!made)
        return tl::unexpected(made.error());
    return {};
}

} // namespace

Result<KernelPrograms> build_kernel_programs(TierContext &context, const std::string &line, const BuiltKernel &kernel)
{
    KernelPrograms programs;
    const fs::path output = cache_directory() / "selftests" / line;
    programs.test_prog = kernel.tree / "krun/test_prog";
    const auto read_cost = private_program(context.files, "read_cost");
    if (!read_cost)
        return tl::unexpected(read_cost.error());
    programs.read_cost = *read_cost;
    const auto sample_cost = private_program(context.files, "sample_cost");
    if (!sample_cost)
        return tl::unexpected(sample_cost.error());
    programs.sample_cost = *sample_cost;
    const auto selftests = build_selftests(context.runner, context.files, kernel.tree, output, context.log);
    if (!selftests)
        return tl::unexpected(selftests.error());
    for (const fs::path &program : *selftests)
        if (program.filename() == test_without_counters)
            programs.absent_test = program;
        else if (program.filename() == test_of_faults)
            programs.fault_test = program;
        else
            programs.selftests.push_back(program);
    if (programs.absent_test.empty() || programs.fault_test.empty())
        return failure(fmt::format("{} or {} is not among the selftests", test_without_counters, test_of_faults));
    // As the README says: cd krun && make. Static, because the guest has no libraries.
    if (const auto made = make(context, kernel.tree / "krun", "LDFLAGS=-static"); !made)
        return tl::unexpected(made.error());
    return programs;
}

} // namespace krun
