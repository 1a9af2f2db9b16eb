// SPDX-License-Identifier: MIT
#include "inputs.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "base_disk.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

struct Source {
    const char *variable;
    const char *folder; // in the archive
    bool required;
};
constexpr std::array<Source, 3> sources{{
    {"KRUN_E2E_KERNEL", "kernel", true},
    {"KRUN_E2E_TOOLS", "tools", true},
    {"KRUN_E2E_PANIC", "panic", false},
}};

std::string from_environment(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::vector<std::string> packages_in(Filesystem &files, const fs::path &folder)
{
    std::vector<std::string> debs;
    for (const std::string &name : files.list(folder).value_or(std::vector<std::string>{})) {
        if (name.ends_with(".deb"))
            debs.push_back(name);
    }
    return debs;
}

// linux-image-RELEASE_VERSION_amd64.deb
std::string release_of_image(const std::vector<std::string> &debs)
{
    const std::string prefix = "linux-image-";
    for (const std::string &name : debs) {
        if (name.starts_with(prefix))
            return name.substr(prefix.size(), name.find('_') - prefix.size());
    }
    return {};
}

Result<void> add_to_archive(ProcessRunner &runner, const fs::path &archive, const fs::path &folder,
                            const std::string &name, const std::vector<std::string> &debs)
{
    Command command;
    command.argv = {"tar",         "--append",           "--file", archive.string(),
                    "--transform", "s,^," + name + "/,", "-C",     folder.string()};
    command.argv.insert(command.argv.end(), debs.begin(), debs.end());
    const auto added = runner.run_ok(command);
    if (!added)
        return tl::unexpected<Error>(added.error());
    return {};
}

} // namespace

std::string missing_inputs()
{
    for (const Source &source : sources) {
        if (source.required && from_environment(source.variable).empty())
            return fmt::format("{} names no folder with packages", source.variable);
    }
    return {};
}

Result<Inputs> find_inputs(const Env &env)
{
    Inputs inputs;
    const auto qemu = make_testbed_qemu(env);
    if (!qemu)
        return tl::unexpected<Error>(qemu.error());
    inputs.qemu = *qemu;
    const auto base = base_disk(env, *qemu);
    if (!base)
        return tl::unexpected<Error>(base.error());
    inputs.base = *base;
    inputs.logs = from_environment("KRUN_E2E_LOGS");
    if (inputs.logs.empty())
        inputs.logs = cache_directory() / "logs/e2e";
    auto scratch = make_run_folder(env.files);
    if (!scratch)
        return tl::unexpected<Error>(scratch.error());
    inputs.scratch = std::make_shared<ScratchFolder>(std::move(*scratch));
    inputs.payload = inputs.scratch->path() / "payload.tar";
    if (auto made = env.files.make_directories(inputs.logs); !made)
        return tl::unexpected<Error>(made.error());
    for (const Source &source : sources) {
        const fs::path folder = from_environment(source.variable);
        if (folder.empty())
            continue;
        const auto debs = packages_in(env.files, folder);
        if (debs.empty())
            return failure(fmt::format("{}: no packages in {}", source.variable, folder.string()));
        if (auto added = add_to_archive(env.runner, inputs.payload, folder, source.folder, debs); !added)
            return tl::unexpected<Error>(added.error());
        if (source.folder == std::string("kernel"))
            inputs.release = release_of_image(debs);
        if (source.folder == std::string("panic"))
            inputs.panic_release = release_of_image(debs);
    }
    if (inputs.release.empty())
        return failure("KRUN_E2E_KERNEL: there is no linux-image package");
    return inputs;
}

} // namespace krun
