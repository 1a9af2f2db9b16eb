// SPDX-License-Identifier: MIT
#include "testing/kernel_programs.hpp"

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
    // The older lines' rules do not see that a header has changed.
    if (const auto removed = context.files.remove_all(output); !removed)
        return tl::unexpected(removed.error());
    if (const auto folder = context.files.make_directories(output); !folder)
        return tl::unexpected(folder.error());
    const fs::path sources = kernel.tree / "tools/testing/selftests/krun";
    if (const auto made = make(context, sources, "OUTPUT=" + output.string()); !made)
        return tl::unexpected(made.error());
    // As the README says: cd krun && make. Static, because the guest has no libraries.
    if (const auto made = make(context, kernel.tree / "krun", "LDFLAGS=-static"); !made)
        return tl::unexpected(made.error());

    const auto names = context.files.list(sources);
    if (!names)
        return tl::unexpected(names.error());
    for (const std::string &name : *names)
        if (name == "absent_test.c")
            programs.absent_test = output / "absent_test";
        else if (name.ends_with("_test.c"))
            programs.selftests.push_back(output / fs::path(name).stem());
    if (programs.selftests.empty() || programs.absent_test.empty())
        return failure("no selftests in " + sources.string());
    return programs;
}

} // namespace krun
