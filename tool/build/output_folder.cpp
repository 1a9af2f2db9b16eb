// SPDX-License-Identifier: MIT
// The folder for the result of a build; see output_folder.hpp.
#include "build/output_folder.hpp"

#include <array>
#include <fmt/format.h>

namespace krun
{
namespace
{

struct BuildProduct {
    const char *from; // in the build folder
    const char *to;   // in the output folder
};
constexpr std::array products_of_build = {BuildProduct{"arch/x86/boot/bzImage", "vmlinuz"},
                                          BuildProduct{".config", "config"}, BuildProduct{"System.map", "System.map"}};

// What is in the folder of an output is somebody else's unless its name is one that we give: metadata.json may say
// anything.
bool is_name_of_package(const std::string &name)
{
    return name.ends_with(".deb") && !name.starts_with('.') && name.find('/') == std::string::npos;
}

// Those of an earlier kernel, which must not be taken for this one's.
Result<void> remove_old_packages(Filesystem &files, const std::filesystem::path &folder)
{
    const auto metadata = nlohmann::json::parse(files.read(folder / "metadata.json").value_or("{}"), nullptr, false);
    if (!metadata.is_object() || !metadata.contains("packages") || !metadata["packages"].is_array())
        return {};
    for (const auto &name : metadata["packages"]) {
        if (!name.is_string() || !is_name_of_package(name.get<std::string>()))
            continue;
        const auto package = folder / name.get<std::string>();
        if (files.is_directory(package) && !files.is_link(package))
            continue; // not from us
        TRY(files.remove_file(package));
    }
    return {};
}

Result<void> fill(Filesystem &files, const std::filesystem::path &objects,
                  const std::vector<std::filesystem::path> &packages, const std::filesystem::path &folder,
                  const nlohmann::ordered_json &metadata)
{
    TRY(remove_old_packages(files, folder));
    TRY(files.remove_file(folder / "metadata.json"));
    for (const auto &product : products_of_build)
        TRY(files.copy_file(objects / product.from, folder / product.to));
    for (const auto &package : packages)
        TRY(files.copy_file(package, folder / package.filename()));
    return files.write(folder / "metadata.json", metadata.dump(2) + "\n");
}

} // namespace

std::optional<nlohmann::ordered_json> read_metadata(Filesystem &files, const std::filesystem::path &folder)
{
    auto json = nlohmann::ordered_json::parse(files.read(folder / "metadata.json").value_or(""), nullptr, false);
    for (const auto &product : products_of_build) {
        if (!files.exists(folder / product.to))
            return std::nullopt;
    }
    if (!json.is_object())
        return std::nullopt;
    return json;
}

Result<void> expect_writable(Filesystem &files, const std::filesystem::path &folder)
{
    if (files.exists(folder) && !files.is_directory(folder))
        return usage_error(fmt::format("the output {} is not a folder", folder.string()));
    const bool is_new = !files.exists(folder);
    TRY(files.make_directories(folder));
    const auto probe = folder / ".krun-probe";
    if (auto written = files.write(probe, ""); !written)
        return failure(fmt::format("the output folder {} is not writable", folder.string()),
                       "name another one with --output");
    return files.remove_all(is_new ? folder : probe);
}

Result<void> fill_output(Filesystem &files, const std::filesystem::path &objects,
                         const std::vector<std::filesystem::path> &packages, const std::filesystem::path &folder,
                         const nlohmann::ordered_json &metadata)
{
    if (files.exists(folder))
        return fill(files, objects, packages, folder, metadata);
    // A name that nobody has for anything of his own, since what is there goes.
    const auto partial = folder.parent_path() / ("." + folder.filename().string() + ".krunctl-partial");
    return in_new_folder(files, partial, [&] {
        return fill(files, objects, packages, partial, metadata).and_then([&] {
            return files.rename(partial, folder);
        });
    });
}

} // namespace krun
