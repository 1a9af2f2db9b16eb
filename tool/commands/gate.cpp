// SPDX-License-Identifier: MIT
// `krunctl gate`: only the boot gate of `install`, for machines that build kernels for others.
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "install/boot_gate.hpp"
#include "install/kernel_package.hpp"

namespace krun
{
namespace
{

struct GateOptions {
    std::filesystem::path deb;
    bool json = false;
};

void run(Context &context, const GateOptions &options)
{
    const auto packages = unwrap(read_kernel_packages(context, {std::filesystem::absolute(options.deb)}));
    const auto gate = unwrap(boot_gate(context, packages.image().deb));
    if (options.json) {
        const nlohmann::ordered_json json = {{"release", packages.release},       {"passed", gate.passed},
                                             {"tests_passed", gate.tests_passed}, {"tests_failed", gate.tests_failed},
                                             {"failures", gate.failures},         {"detail", gate.detail}};
        print_json(json);
    } else {
        for (const auto &failure : gate.failures)
            fmt::print("FAILED {}\n", failure);
        fmt::print("{}\n", gate.detail);
    }
    if (!gate.passed)
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_gate_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<GateOptions>();
    auto *command = app.add_subcommand("gate", "Boot a kernel's package in the testbed and run its selftests");
    command->add_option("DEB", options->deb, "Boot the kernel of this linux-image package")->required();
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
