// SPDX-License-Identifier: MIT
// Each checker is a command that is silent, or at least ends with status 0, when all is well.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cases/case.hpp"
#include "cases/hook_headings.hpp"
#include "cases/sparse_output.hpp"
#include "hooks/known_hooks.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr std::size_t hook_limit = 60; // changed lines of one kernel line

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
    for (const char *folder :
         {"tool", "tests/unit", "tests/command", "tests/machine", "tests/package", "tests/e2e", "tests/cases",
          "tests/runner", "tests/library", "tests/kruntime", "benchmarks", "testbed/guest", "lib"}) {
        const auto more = files_below(data / folder, {".cpp", ".hpp", ".h"});
        sources.insert(sources.end(), more.begin(), more.end());
    }
    // counters.h is in the kernel's style, as krun.h is, and has its tables of constants.
    for (const char *folder : {"docs/examples", "include"}) {
        const auto more = files_below(data / folder, {".c", ".cpp", ".hpp"});
        sources.insert(sources.end(), more.begin(), more.end());
    }
    std::vector<std::string> scripts;
    for (const char *script : {"krun", ".ci/run", "packaging/build-debs", "testbed/disk/make-disk",
                               "tests/package/reproducible", "lib/counters/abi/describe"})
        scripts.push_back((data / script).string());
    return {over_files("clang-format", {"clang-format", "--dry-run", "--Werror"}, sources),
            over_files("shellcheck", {"shellcheck"}, scripts)};
}

// The faults that variant cases try are changed seldom, and the overlay often.
std::vector<Checker> variant_checkers(const fs::path &data)
{
    std::vector<Checker> checkers;
    for (const auto &patch : files_below(data / "tests/kernel/variants", {".patch"})) {
        Checker checker{"the overlay has what is changed by " + fs::path(patch).filename().string(), {}};
        checker.command.argv = {"patch", "-p1", "--dry-run", "--fuzz=0", "-d", (data / "kernel").string(), "-i", patch};
        checkers.push_back(std::move(checker));
    }
    return checkers;
}

// The tree's own checkpatch, run inside the tree: in a git clone it would take the patches for sources.
class Checkpatch
{
  public:
    explicit Checkpatch(fs::path tree) : tree_(std::move(tree)) {}

    // Not every version knows every type of message; one that it does not know is ignored without harm.
    [[nodiscard]] Checker of(const std::string &what, const std::vector<std::string> &options,
                             const std::string &ignored, const std::vector<std::string> &files) const
    {
        std::vector<std::string> argv = {"perl",      (tree_ / "scripts/checkpatch.pl").string(),
                                         "--strict",  "--terse",
                                         "--quiet",   "--no-summary",
                                         "--no-tree", "--ignore",
                                         ignored};
        argv.insert(argv.end(), options.begin(), options.end());
        Checker checker = over_files("checkpatch of the " + what, std::move(argv), files);
        checker.command.directory = tree_;
        checker.silent = true;
        return checker;
    }

  private:
    fs::path tree_;
};

// Those of all kernels, or a line's own.
Checker hooks_checker(const Checkpatch &checkpatch, const std::string &what, const fs::path &folder)
{
    // The hook `build` adds a line `source "krun/Kconfig"` to a file Kconfig: not its own name.
    return checkpatch.of(what, {"--no-signoff"}, "EMBEDDED_FILENAME", files_below(folder, {".patch"}));
}

// Our own files, which are the same in every line.
std::vector<Checker> overlay_checkers(const Checkpatch &checkpatch, const fs::path &data)
{
    std::vector<std::string> sources = files_below(data / "kernel/krun", {".c", ".h", ".cpp"});
    const std::string uapi = (data / "kernel/krun/uapi/linux/krun.h").string();
    std::erase(sources, uapi);
    std::vector<std::string> of_versions;
    for (const char *name : {"compat.h", "older.h", "patched/access.h", "module/access.h"}) {
        of_versions.push_back((data / "kernel/krun" / name).string());
        std::erase(sources, of_versions.back());
    }
    for (const char *name : {"Kconfig", "Kbuild", "Makefile"})
        sources.push_back((data / "kernel/krun" / name).string());
    // What newer kernels would rather have, the older ones lack: constant ctl_tables, kzalloc_obj().
    const std::string newer_ways = "CONST_STRUCT,ALLOC_WITH_SIZEOF";
    return {
        // absent.c answers as if there were no such call, hence ENOSYS.
        checkpatch.of("overlay", {"--file"}, newer_ways + ",ENOSYS", sources),
        // Those that may ask for the kernel's version, and use what older kernels have.
        checkpatch.of("overlay's headers for versions", {"--file"},
                      newer_ways + ",LINUX_VERSION_CODE,CONSTANT_COMPARISON,DEPRECATED_API", of_versions),
        // checkpatch knows of include/uapi alone that user space has no such macros.
        checkpatch.of("header for user space", {"--file"}, "BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO", {uapi}),
        // User space has neither the kernel's types nor its macros.
        checkpatch.of("selftests", {"--file"}, "PREFER_KERNEL_TYPES,ARRAY_SIZE,BIT_MACRO,ENOSYS",
                      files_below(data / "kernel/selftests", {".c", ".h"})),
        checkpatch.of("modules for tests", {"--file"}, newer_ways,
                      {(data / "tests/kernel/module/bare_call.c").string()}),
    };
}

// An Error is an interruption: a checker that cannot be started is a failure like any other.
Result<void> run_checker(const Case &one, Checker &checker, Tally &tally)
{
    checker.command.log = one.log;
    const auto result = one.runner.run(checker.command);
    if (!result) {
        if (result.error().code == ExitCode::interrupted)
            return tl::unexpected(result.error());
        tally.fail(checker.name + ": " + result.error().message);
        return {};
    }
    if (result->ok() && (!checker.silent || trim(result->output + result->errors).empty()))
        tally.pass(checker.name);
    else
        tally.fail(checker.name + ":\n" + last_lines(result->output + result->errors, 15));
    return {};
}

// Sparse reports on stderr and does not fail the build.
Result<void> run_sparse(const Case &one, const BuiltKernel &kernel, Tally &tally)
{
    Command command;
    // From Linux 7 on, headers use an operator that Debian 12's sparse does not know; for its purposes it is the old
    // one.
    command.argv = {"make", "-C", kernel.tree.string(), "O=" + kernel.objects.string(), "C=2",
                    // Our folder is built from arch/x86; this is for make to know it by its own name.
                    "drivers-y=krun/", "CF=-D__CHECK_ENDIAN__ -D__typeof_unqual__=__typeof__", "krun/"};
    command.log = one.log;
    const auto result = one.runner.run(command);
    if (!result) {
        if (result.error().code == ExitCode::interrupted)
            return tl::unexpected(result.error());
        tally.fail("sparse: " + result.error().message);
        return {};
    }
    const std::string all = result->output + result->errors;
    const SparseReport report = read_sparse_output(all, kernel.tree);
    if (!report.findings.empty())
        tally.fail(fmt::format("sparse:\n{}", fmt::join(report.findings, "\n")));
    else if (report.too_old)
        tally.skip("sparse: this kernel asks for a newer sparse than is installed");
    else if (!result->ok() || report.checked == 0)
        tally.fail("sparse:\n" + last_lines(all, 15));
    else
        tally.pass("sparse");
    return {};
}

// The kernel's list of the types that ioctls have, "0xDB   00-0F  drivers/...": ours must be nobody else's.
void check_ioctl_type(const Case &one, const fs::path &tree, Tally &tally)
{
    constexpr std::string_view ours = "0xDE";
    constexpr std::size_t at_least = 50;
    const auto list = one.files.read(tree / "Documentation/userspace-api/ioctl/ioctl-number.rst");
    std::size_t types = 0;
    for (const auto &line : lines_of(list.value_or(""))) {
        const auto words = words_of(line);
        if (words.empty() || !words[0].starts_with("0x"))
            continue;
        ++types;
        if (std::equal(
                words[0].begin(), words[0].end(), ours.begin(), ours.end(),
                [](unsigned char left, unsigned char right) { return std::tolower(left) == std::tolower(right); })) {
            tally.fail("the type of our ioctls is somebody else's: " + line);
            return;
        }
    }
    if (types < at_least) {
        tally.fail("the type of our ioctls: there is no list of all types in " + tree.string());
        return;
    }
    tally.pass("the type of our ioctls");
}

void check_hook_size(const std::vector<Hook> &hooks, const KernelLine &line, Tally &tally)
{
    const auto size = changed_lines(hooks, line.name);
    if (size >= hook_limit)
        tally.fail(fmt::format("size of the hooks of {}: {} changed lines, less than {} allowed", line.name, size,
                               hook_limit));
    else
        tally.pass("size of the hooks of " + line.name);
}

} // namespace

Result<CaseResult> run_style_case(const Case &one)
{
    CaseResult result;
    auto all = host_checkers(data_directory());
    for (auto &checker : variant_checkers(data_directory()))
        all.push_back(std::move(checker));
    for (Checker &checker : all)
        if (auto ran = run_checker(one, checker, result.tally); !ran)
            return tl::unexpected(ran.error());
    const auto lines = TRY(load_kernel_lines(one.files, data_directory()));
    const auto hooks = TRY(load_hooks(one.files, data_directory()));
    for (const KernelLine &line : lines)
        check_hook_size(hooks, line, result.tally);
    return result;
}

Result<CaseResult> run_sources_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    const auto lines = TRY(load_kernel_lines(one.files, data_directory()));
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const auto &each) { return each.name == one.line; });
    if (line == lines.end())
        return failure("there is no kernel line " + one.line);
    const auto hooks = TRY(load_hooks(one.files, data_directory()));
    return in_time(one, [&]() -> Result<CaseResult> {
        CaseResult result;
        const Checkpatch checkpatch(kernel->tree);
        std::vector<Checker> checkers;
        if (!files_below(line->hooks, {".patch"}).empty())
            checkers.push_back(hooks_checker(checkpatch, "line's own hooks", line->hooks));
        if (one.line == lines.back().name) { // the newest knows most
            checkers.push_back(hooks_checker(checkpatch, "hooks", data_directory() / "kernel/hooks"));
            for (Checker &checker : overlay_checkers(checkpatch, data_directory()))
                checkers.push_back(std::move(checker));
        }
        for (Checker &checker : checkers)
            if (auto ran = run_checker(one, checker, result.tally); !ran)
                return tl::unexpected(ran.error());
        check_ioctl_type(one, kernel->tree, result.tally);
        result.tally += judge_headings(one.files, kernel->tree, hooks);
        TRY(run_sparse(one, *kernel, result.tally));
        return result;
    });
}

} // namespace krun
