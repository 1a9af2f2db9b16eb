// SPDX-License-Identifier: MIT
// Each checker is a command that is silent, or at least ends with status 0, when all is well.
#include "testing/tier.hpp"

#include <algorithm>

#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

struct Checker {
    std::string name;
    Command command;
    bool silent = false; // any output is a finding, whatever the status
};

std::vector<std::string> files_below(const fs::path &folder, const std::vector<std::string> &endings)
{
    std::vector<std::string> found;
    std::error_code none;
    for (const auto &entry : fs::recursive_directory_iterator(folder, none))
        if (entry.is_regular_file() &&
            std::find(endings.begin(), endings.end(), entry.path().extension()) != endings.end())
            found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
}

Checker over_files(std::string name, std::vector<std::string> argv, const std::vector<std::string> &files)
{
    argv.insert(argv.end(), files.begin(), files.end());
    Checker checker{std::move(name), {}};
    checker.command.argv = std::move(argv);
    return checker;
}

std::vector<Checker> host_checkers(const fs::path &data)
{
    std::vector<std::string> sources;
    for (const char *folder : {"tool", "tests/unit", "tests/command", "tests/machine", "benchmarks", "testbed/guest"}) {
        const auto more = files_below(data / folder, {".cpp", ".hpp", ".h"});
        sources.insert(sources.end(), more.begin(), more.end());
    }
    return {over_files("clang-format", {"clang-format", "--dry-run", "--Werror"}, sources),
            over_files("shellcheck", {"shellcheck"}, {(data / "krun").string(), (data / ".ci/run").string()})};
}

std::vector<Checker> kernel_checkers(const fs::path &data, const std::string &line, const BuiltKernel &kernel)
{
    const std::string checkpatch = (kernel.tree / "scripts/checkpatch.pl").string();
    std::vector<std::string> sources = files_below(data / "kernel/krun", {".c", ".h", ".cpp"});
    for (const char *name : {"Kconfig", "Kbuild", "Makefile"})
        sources.push_back((data / "kernel/krun" / name).string());
    const std::vector<std::string> options = {"perl",    checkpatch,     "--strict", "--terse",
                                              "--quiet", "--no-summary", "--no-tree"};
    const auto checkpatch_of = [&](const std::string &what, const std::vector<std::string> &more,
                                   const std::vector<std::string> &files) {
        std::vector<std::string> argv = options;
        argv.insert(argv.end(), more.begin(), more.end());
        Checker checker = over_files("checkpatch of the " + what, std::move(argv), files);
        checker.silent = true;
        return checker;
    };
    return {
        checkpatch_of("overlay", {"--file"}, sources),
        // User space has neither the kernel's types nor its macros.
        checkpatch_of("selftests", {"--ignore", "PREFER_KERNEL_TYPES,ARRAY_SIZE,BIT_MACRO", "--file"},
                      files_below(data / "kernel/selftests", {".c", ".h"})),
        // build.patch adds a line `source "krun/Kconfig"` to the file Kconfig: not its own name.
        checkpatch_of("hooks", {"--no-signoff", "--ignore", "EMBEDDED_FILENAME"},
                      files_below(data / "kernel/lines" / line / "hooks", {".patch"})),
    };
}

void run_checker(TierContext &context, Checker &checker, Tally &tally)
{
    checker.command.log = context.log;
    const auto result = context.runner.run(checker.command);
    if (!result) {
        tally.fail(checker.name + ": " + result.error().message);
        return;
    }
    if (result->ok() && (!checker.silent || trim(result->output + result->errors).empty()))
        tally.pass();
    else
        tally.fail(checker.name + ":\n" + last_lines(result->output + result->errors, 15));
}

// Sparse reports on stderr and does not fail the build; what it says comes as "file.c:line:...: warning: ...".
void run_sparse(TierContext &context, const BuiltKernel &kernel, Tally &tally)
{
    Command command;
    command.argv = {"make", "-C", kernel.tree.string(), "O=" + kernel.objects.string(), "C=2", "CF=-D__CHECK_ENDIAN__",
                    "krun/"};
    command.log = context.log;
    const auto result = context.runner.run(command);
    if (!result) {
        tally.fail("sparse: " + result.error().message);
        return;
    }
    const std::string all = result->output + result->errors;
    const bool looked = all.find("  CHECK   ") != std::string::npos;
    const bool found = all.find("warning:") != std::string::npos || all.find("error:") != std::string::npos;
    if (result->ok() && looked && !found)
        tally.pass();
    else
        tally.fail("sparse:\n" + last_lines(all, 15));
}

} // namespace

Result<Tally> run_style_tier(TierContext &context)
{
    const auto kernel = kernel_under_test(context);
    if (!kernel)
        return tl::unexpected(kernel.error());
    Tally tally;
    const fs::path data = data_directory();
    for (auto checkers : {host_checkers(data), kernel_checkers(data, context.line, *kernel)})
        for (Checker &checker : checkers)
            run_checker(context, checker, tally);
    run_sparse(context, *kernel, tally);
    return tally;
}

} // namespace krun
