// SPDX-License-Identifier: MIT
// The simulated programs as one that can be started: by the name of one of them, it works on the machine below
// $KRUN_ROOT.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "simulation/debian.hpp"
#include "simulation/rooted_disk.hpp"

namespace
{

int run(const std::string &root, std::vector<std::string> argv)
{
    argv.front() = std::filesystem::path(argv.front()).filename();
    for (auto &argument : argv) { // paths on the machine
        if (argument.starts_with(root + "/"))
            argument.erase(0, root.size());
    }
    krun::simulation::RootedDisk disk(root);
    const auto result = krun::simulation::run_simulated(disk, argv);
    if (!result) {
        std::fprintf(stderr, "%s is not simulated\n", argv.front().c_str());
        return 127;
    }
    std::fputs(result->output.c_str(), stdout);
    std::fputs(result->errors.c_str(), stderr);
    return result->status;
}

} // namespace

int main(int argc, char **argv)
{
    const char *root = std::getenv("KRUN_ROOT");
    if (root == nullptr) {
        std::fputs("KRUN_ROOT names no machine\n", stderr);
        return 1;
    }
    try {
        return run(root, {argv, argv + argc});
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
