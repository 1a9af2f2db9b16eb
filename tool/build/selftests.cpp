// SPDX-License-Identifier: MIT
// See selftests.hpp.
#include "build/selftests.hpp"

#include <utility>

#include "util/child_environment.hpp"

namespace krun
{

Result<std::vector<std::filesystem::path>> build_selftests(const Env &env, const std::filesystem::path &tree,
                                                           const std::filesystem::path &output,
                                                           const std::filesystem::path &log)
{
    const auto sources = tree / "tools/testing/selftests/krun";
    auto listed = env.files.list(sources);
    if (!listed && !env.dry_run())
        return tl::unexpected(listed.error());
    const auto names = std::move(listed).value_or(std::vector<std::string>());
    // The older lines' rules do not see that a header has changed.
    TRY(env.files.remove_all(output));
    TRY(env.files.make_directories(output));
    Command command;
    command.argv = {"make", "-C", sources.string(), "OUTPUT=" + output.string()};
    command.environment = {{"LC_ALL", "C"}, {"MAKEFLAGS", ""}};
    command.inherits = variables_for_builds();
    command.log = log;
    TRY(env.runner.run_ok(command));
    std::vector<std::filesystem::path> programs;
    for (const auto &name : names) {
        if (name.ends_with("_test.c"))
            programs.push_back(output / std::filesystem::path(name).stem());
    }
    if (programs.empty() && !env.dry_run())
        return failure("no selftests in " + sources.string());
    return programs;
}

} // namespace krun
