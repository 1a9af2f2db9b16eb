// SPDX-License-Identifier: MIT
// See selftests.hpp.
#include "build/selftests.hpp"

#include "util/child_environment.hpp"

namespace krun
{

Result<std::vector<std::filesystem::path>> build_selftests(const Env &env, const std::filesystem::path &tree,
                                                           const std::filesystem::path &output,
                                                           const std::filesystem::path &log)
{
    const auto sources = tree / "tools/testing/selftests/krun";
    const auto names = TRY(env.files.list(sources));
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
    if (programs.empty())
        return failure("no selftests in " + sources.string());
    return programs;
}

} // namespace krun
