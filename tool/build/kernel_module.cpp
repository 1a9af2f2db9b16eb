// SPDX-License-Identifier: MIT
// A module for a kernel that is there already; see kernel_module.hpp.
#include "build/kernel_module.hpp"

#include <fmt/format.h>
#include <thread>

#include "build/kernel_make.hpp"
#include "source/overlay.hpp"
#include "util/ccache.hpp"
#include "util/child_environment.hpp"

namespace krun
{

Result<std::filesystem::path> build_module(const Env &env, const ModuleRequest &request)
{
    TRY(mirror_folder(env.files, request.sources, request.output));
    Command command;
    command.argv = {"make", "-C", request.kernel.string(), "M=" + request.output.string(),
                    fmt::format("-j{}", std::thread::hardware_concurrency())};
    if (!request.objects.empty())
        command.argv.push_back("O=" + request.objects.string());
    // Headers name the compiler of their Debian, which may not be here.
    command.argv.push_back("CC=" + cached_compiler("gcc"));
    // Headers can bring the kernel's type information along. `pahole` then makes the module's, and need not be here:
    // headers that are unpacked bring no dependencies.
    command.argv.push_back("CONFIG_DEBUG_INFO_BTF_MODULES=");
    command.argv.push_back("modules");
    command.inherits = variables_for_builds();
    command.environment = {{"LC_ALL", "C"}, {"MAKEFLAGS", ""}};
    command.environment.merge(ccache_environment(request.output));
    command.log = request.log;
    const auto made = TRY(env.runner.run(command));
    if (!made.ok()) {
        const auto why = first_build_error(made.output + made.errors);
        return failure(fmt::format("{}.ko could not be built{}", request.name, why.empty() ? "" : ": " + why), {},
                       request.log.string());
    }
    return request.output / (request.name + ".ko");
}

} // namespace krun
