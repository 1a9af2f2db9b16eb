// SPDX-License-Identifier: MIT
// On a real Debian disk in a virtual machine, a kernel is installed, tried, promoted and removed, as its user would do
// it. What is installed, two kernels' packages and our own, other cases have built.
#include <fmt/format.h>

#include "cases/case.hpp"
#include "cases/gtest_run.hpp"
#include "install/boot_gate.hpp"
#include "self/krunctl.hpp"
#include "util/terminal.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *program = "e2e/krun_e2e_tests";
constexpr std::string_view mark_of_step = "e2e: "; // as tests/e2e/transcript.cpp prints them
// By the case's argument. A kernel's whole life; what else can happen to it; what comes to a measured CPU.
const std::map<std::string, std::string> scenarios = {
    {"life", "Life.AKernelIsTriedPromotedAndRemovedAndThenAllIsAsBefore"},
    {"all", "-Quiet.*"},
    {"quiet", "Quiet.*"},
};

fs::path tools_folder() { return cache_directory() / "e2e/tools"; }

Result<fs::path> image_in(const Case &one, const fs::path &folder)
{
    for (const auto &name : one.files.list(folder).value_or(std::vector<std::string>())) {
        if (name.starts_with("linux-image-") && name.ends_with(".deb"))
            return folder / name;
    }
    return failure(fmt::format("there is no linux-image package in {}", folder.string()));
}

// The gate lets a good kernel pass, and only that.
Result<void> test_gate(const Case &one, const fs::path &folder, bool good, Tally &tally)
{
    const auto image = TRY(image_in(one, folder));
    const auto gate = TRY(boot_gate(one, image));
    const auto name = "the boot gate of " + image.filename().string();
    if (gate.passed == good)
        tally.pass(name);
    else
        tally.fail(name + "\n" + gate.detail);
    return {};
}

Result<Tally> run_scenarios(const Case &one, const std::map<std::string, std::string> &folders,
                            const std::string &filter)
{
    auto environment = folders;
    environment["KRUN_E2E_LOGS"] = (cache_directory() / "logs/e2e").string();
    // A machine takes minutes: what it has come to is shown.
    const auto show = [](const std::string &line) {
        if (line.starts_with(mark_of_step))
            say(line);
    };
    return run_gtest(one, {program, environment, filter, show});
}

} // namespace

Result<CaseResult> run_tools_case(const Case &one)
{
    return in_time(one, [&]() -> Result<CaseResult> {
        TRY(one.files.remove_all(tools_folder()));
        Command command;
        command.argv = {(clone_directory() / "packaging/build-debs").string(), tools_folder().string()};
        command.log = one.log;
        TRY(one.runner.run_ok(command));
        CaseResult result;
        result.tally.pass();
        return result;
    });
}

Result<CaseResult> run_disk_case(const Case &one)
{
    const std::string which = one.arguments.empty() ? "life" : one.arguments.front();
    const bool all = which == "all";
    std::map<std::string, std::string> folders = {{"KRUN_E2E_TOOLS", tools_folder().string()}};
    CaseInputs inputs;
    inputs.add_file(one.programs / program).add_file(tools_folder()).add_file(clone_directory() / "testbed/disk");
    fs::path good;
    fs::path panicking;
    for (const auto &[config, variable, folder] :
         {std::tuple{"disk", "KRUN_E2E_KERNEL", &good}, {"panic", "KRUN_E2E_PANIC", &panicking}}) {
        if (config == std::string("panic") && !all)
            continue;
        const auto kernel = built_kernel(one, config);
        if (!kernel)
            return not_run(kernel.error().message);
        *folder = kernel->folder;
        folders[variable] = kernel->folder.string();
        inputs.add_guest(test_guest(kernel->folder / "vmlinuz"));
    }
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        if (all) {
            TRY(test_gate(one, good, true, result.tally));
            TRY(test_gate(one, panicking, false, result.tally));
        }
        const auto ran = TRY(run_scenarios(one, folders, scenarios.at(which)));
        result.tally += ran;
        return result;
    });
}

} // namespace krun
